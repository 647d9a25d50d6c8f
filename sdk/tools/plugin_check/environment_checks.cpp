// The environment of a plugin: the table in <certspan/abi/plugin.h>.
#include <fcntl.h>
#include <pthread.h>

#include <exception>
#include <functional>

#include "host/loading/elf_note.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/environment_state.hpp"
#include "sdk/tools/plugin_check/scene.hpp"
#include "sdk/tools/plugin_check/system_call_guard.hpp"

namespace certspan::check {
namespace {

/// What the contract promises, and room for the checker's own frames.
constexpr std::size_t kPromisedStack = 512UL * 1024;
constexpr std::size_t kOwnFrames = 64UL * 1024;
constexpr int kForeignDescriptors = 8;

void live_and_be_called(Scene& scene) {
  scene.connector.begin();
  exercise(scene.connector, scene.sample, scene.random);
  scene.connector.end();
}

/// A life may change nothing in this part of the process.
void require_unchanged(Run& run, Part part) {
  // Descriptors that are somebody else's, for a plugin that closes what it has not opened.
  for (int i = 0; i < kForeignDescriptors; ++i) static_cast<void>(::open("/dev/null", O_RDONLY));
  Scene scene(run);
  const auto before = EnvironmentState::now();
  live_and_be_called(scene);
  const std::string what = difference(part, before, EnvironmentState::now());
  require(what.empty(), "after stop and destroy, " + what);
}

void live_without(Run& run, Forbidden what) {
  if (!in_child()) throw CheckSkipped("needs a process of its own");
  Scene scene(run);
  if (!forbid_system_calls(what)) throw CheckSkipped("this system has no seccomp notifications (Linux 5.0)");
  live_and_be_called(scene);
}

struct SmallThread {
  std::function<void()> work;
  std::exception_ptr thrown;

  static void* run(void* argument) {
    auto& self = *static_cast<SmallThread*>(argument);
    try {
      self.work();
    } catch (...) {
      self.thrown = std::current_exception();
    }
    return nullptr;
  }
};

void on_small_stack(const std::function<void()>& work) {
  SmallThread small{work, nullptr};
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kPromisedStack + kOwnFrames);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, &SmallThread::run, &small);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) throw CheckSkipped("no thread with a small stack could be started");
  ::pthread_join(thread, nullptr);
  if (small.thrown) std::rethrow_exception(small.thrown);
}

}  // namespace

void check_threads(Run& run) {
  require_unchanged(run, Part::Threads);
}
void check_descriptors(Run& run) {
  require_unchanged(run, Part::Descriptors);
}
void check_signals(Run& run) {
  require_unchanged(run, Part::Signals);
}
void check_locale(Run& run) {
  require_unchanged(run, Part::Locale);
}
void check_process(Run& run) {
  require_unchanged(run, Part::Process);
}
void check_output(Run& run) {
  require_unchanged(run, Part::Output);
}

void check_small_stack(Run& run) {
  Scene scene(run);
  on_small_stack([&] { live_and_be_called(scene); });
}

void check_system_calls(Run& run) {
  live_without(run, Forbidden::Process);
}

void check_network(Run& run) {
  const auto note = read_plugin_note(run.subject.bytes);
  if (note && note->needs_network)
    throw CheckSkipped("its note asks for the network (NETWORK in certspan_add_plugin())");
  live_without(run, Forbidden::Network);
}

void check_secrets(Run& run) {
  Scene scene(run);
  if (scene.sample.secrets.empty()) throw CheckSkipped("its settings hold no secret");
  scene.connector.begin();
  std::string said;
  for (const AnsweringCall& call : answering_calls(scene.connector)) {
    auto item = scene.item();
    const Heard heard = hear(scene.connector, call, item);
    said += heard.answer.code + heard.answer.message;
    for (const auto& label : heard.answer.labels) said += label.name + label.value;
  }
  scene.connector.end();
  for (const auto& log : scene.host.logs()) {
    said += log.event;
    for (const auto& field : log.fields) said += field.name + field.value;
  }
  for (const auto& [token, secret] : scene.sample.secrets) {
    require(secret.empty() || said.find(secret) == std::string::npos,
            "the secret behind \"" + token + "\" stands in a log record or an answer");
  }
}

}  // namespace certspan::check
