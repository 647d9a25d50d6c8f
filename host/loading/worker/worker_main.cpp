// certspan-worker: one connector of one plugin in a process of its own. Started by the host, never by people.
//
// usage: certspan-worker TYPE network|alone [FILE...]   the files that it may read; descriptors: protocol.hpp

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include "host/loading/plugin_library.hpp"
#include "host/loading/worker/plugin_runner.hpp"
#include "host/loading/worker/protocol.hpp"
#include "host/loading/worker/sandbox.hpp"

namespace certspan::worker {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  // The host logs what a worker prints.
  const std::string line = why + "\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) ::_exit(4);
  ::_exit(3);
}

const certspan_connector_type& load_type(const char* name) {
  const auto library = PluginLibrary::open("/proc/self/fd/" + std::to_string(kImageFd));
  if (!library) give_up(library.error().message);
  const certspan_plugin* plugin = library->describe();
  for (std::uint32_t i = 0; plugin != nullptr && i < plugin->type_count; ++i) {
    if (std::strcmp(plugin->types[i]->name, name) == 0) return *plugin->types[i];
  }
  give_up("the plugin has no such connector type");
}

/// Slots as the host opens them, until the host is gone.
void serve_control(const FrameSocket& control, PluginRunner& runner) {
  WipedBytes octets;
  FileDescriptor passed;
  while (control.receive(octets, std::chrono::steady_clock::time_point::max(), &passed) == Received::Frame) {
    const FrameReader frame(octets.view());
    if (frame.kind() == FrameKind::Reply) {
      HostLine::take_control_reply(octets);
    } else if (frame.kind() == FrameKind::Slot && passed) {
      std::thread([&runner, slot = FrameSocket(std::move(passed))] { runner.serve(slot); }).detach();
    }
  }
}

/// One heap for all calls, and what one call gave back is for the next: neither page faults nor cold memory
/// when another slot's thread takes it.
void keep_memory() {
  constexpr int kKept = 1024 * 1024;
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 4 * kKept);
  ::mallopt(M_TOP_PAD, kKept / 4);
  ::mallopt(M_MMAP_THRESHOLD, kKept);
}

int run(int argc, char** argv) {
  SandboxRules rules;
  rules.image = kImageFd;
  rules.network = std::string_view(argv[2]) == "network";
  rules.readable.assign(argv + 3, argv + argc);
  const auto closed = enter_sandbox(rules);
  if (!closed) give_up(closed.error().message);
  keep_memory();
  const FrameSocket control{FileDescriptor(kControlFd)};
  FrameWriter shut_in(FrameKind::Tell, static_cast<std::uint8_t>(Service::ShutIn));
  shut_in.text(*closed);
  static_cast<void>(control.send(shut_in.frame()));
  const certspan_connector_type& type = load_type(argv[1]);
  HostLine::set_control(&control);
  PluginRunner runner(type);
  serve_control(control, runner);
  // Threads of the plugin may still be at work: nothing is taken down under them.
  ::_exit(0);
}

}  // namespace
}  // namespace certspan::worker

int main(int argc, char** argv) {
  if (argc < 3) {
    static_cast<void>(std::fputs("certspan-worker is started by certspan\n", stderr));
    return 2;
  }
  return certspan::worker::run(argc, argv);
}
