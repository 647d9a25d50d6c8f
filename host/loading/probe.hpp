#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"
#include "host/loading/worker/description.hpp"

namespace certspan {

/// Loads the plugin at `path` (a private copy) in a child process, looks at its descriptor and tells what it
/// offers, so that a plugin that crashes, loops, throws or ends the process does so there. The child is
/// `program` with the arguments `--probe-plugin PATH`, which must lead to probe_main; it has a process group
/// of its own and is killed, with what it started, when `limit` is over. It inherits the environment and
/// nothing else.
///
/// Blocks; may be called from any thread. Errors, with what the plugin printed last: those of
/// read_plugin_note, PluginLibrary::open and descriptor_fault, and plugin.crashed, plugin.hung, plugin.threw,
/// plugin.probe_failed (the child could not be run).
///
/// With `beside` that plugin is loaded first, as it is in a host that swaps the two: libraries that can't
/// stand each other fail here.
Result<worker::PluginDescription> probe_plugin(const std::filesystem::path& path,
                                               const std::filesystem::path& program,
                                               std::chrono::milliseconds limit,
                                               const std::filesystem::path& beside = {});

/// A child process in which code of a plugin runs that may crash, loop or end it.
struct ProbeCall {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::string input;  ///< on its standard input
  std::chrono::milliseconds limit;
};
/// Runs one whose `main` leads to run_probe_child, in the same way and with the same errors. What the child
/// told besides.
Result<Bytes> run_probe(const ProbeCall& call);

/// The child's side: limits the process, tells what `body` enters, how it ended and the octets it made, and
/// ends it without exit handlers. Phases are words that fit behind "while".
using EnterPhase = std::function<void(std::string_view phase)>;
[[noreturn]] void run_probe_child(const std::function<Result<Bytes>(const EnterPhase& enter)>& body);

/// True if this process is such a child; `main` then returns probe_main(argc, argv) before it does anything
/// else.
bool is_probe_call(int argc, char** argv);

/// The child's side. Writes what it is about to do, and then its verdict, to descriptor 3 (or to standard
/// output when a person runs it), and ends the process without running exit handlers of the plugin.
int probe_main(int argc, char** argv);

}  // namespace certspan
