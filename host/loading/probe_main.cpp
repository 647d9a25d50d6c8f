#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "host/loading/abi_text.hpp"
#include "host/loading/descriptor.hpp"
#include "host/loading/elf_note.hpp"
#include "host/loading/plugin_library.hpp"
#include "host/loading/probe.hpp"
#include "host/loading/probe_protocol.hpp"

namespace certspan {
namespace {

namespace protocol = probe_protocol;

constexpr std::size_t kLongestMessage = 4000;

void say(const std::string& line) {
  const int fd = ::fcntl(protocol::kReportFd, F_GETFD) < 0 ? STDOUT_FILENO : protocol::kReportFd;
  // Nobody is left to tell if this fails; the parent then finds no verdict.
  if (::write(fd, line.data(), line.size()) < 0) return;
}

void enter(std::string_view phase) {
  say(std::string(protocol::kPhase) + std::string(phase) + "\n");
}

[[noreturn]] void refuse(const Error& error) {
  say(std::string(protocol::kRefused) + std::string(to_string(error.outcome)) + " " + error.code + "\n" +
      clean_text(error.message, kLongestMessage) + "\n");
  ::_exit(1);
}

std::string current_exception_text() {
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& exception) {
    return "\"" + std::string(exception.what()) + "\"";
  } catch (...) {
    return "something that is no std::exception";
  }
  return {};
}

/// An exception that nobody catches: of a thread of the plugin, or out of a noexcept function.
[[noreturn]] void on_terminate() {
  const std::string what = current_exception_text();
  if (what.empty()) std::signal(SIGABRT, SIG_DFL), std::abort();
  refuse({Outcome::Invalid, "plugin.threw",
          "it threw " + what + " where nobody catches; this is for the plugin's vendor to repair"});
}

void confine() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // Its output goes to memory; writes beyond this fail instead of ending it.
  const rlimit little{16UL * 1024 * 1024, 16UL * 1024 * 1024};
  ::setrlimit(RLIMIT_FSIZE, &little);
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  std::set_terminate(&on_terminate);
}

Bytes read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<Bytes> probe(const char* path, const char* beside) {
  if (beside != nullptr) {
    enter(protocol::kLoadingOther);
    CERTSPAN_CHECK(PluginLibrary::open(beside));
  }
  enter(protocol::kReading);
  CERTSPAN_TRY(const PluginNote note, read_plugin_note(read_file(path)));
  enter(protocol::kLoading);
  CERTSPAN_TRY(const PluginLibrary library, PluginLibrary::open(path));
  enter(protocol::kDescribing);
  const certspan_plugin* plugin = library.describe();
  if (auto fault = descriptor_fault(plugin, note)) return tl::unexpected(*fault);
  return worker::encode(worker::describe(*plugin));
}

}  // namespace

bool is_probe_call(int argc, char** argv) {
  return argc >= 2 && std::strcmp(argv[1], protocol::kOption) == 0;
}

int probe_main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    say("usage: certspan --probe-plugin FILE [OTHER]\n");
    return 2;
  }
  run_probe_child([&](const EnterPhase&) { return probe(argv[2], argc == 4 ? argv[3] : nullptr); });
}

void run_probe_child(const std::function<Result<Bytes>(const EnterPhase& enter)>& body) {
  confine();
  const auto result = body(enter);
  if (!result) refuse(result.error());
  say(std::string(protocol::kOk) + std::to_string(result->size()) + "\n" + std::string(as_text(*result)));
  ::_exit(0);
}

}  // namespace certspan
