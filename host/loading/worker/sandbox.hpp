#pragma once

#include <string>
#include <vector>

#include "host/base/result.hpp"

namespace certspan::worker {

/// What a worker may still do.
struct SandboxRules {
  std::vector<std::string> readable;  ///< files, besides the system's libraries and its certificates
  int image = -1;                     ///< the plugin
  bool network = false;
};

/// Shuts this process in for good, before any code of the plugin runs: no new privileges, no core files,
/// limits on memory, descriptors and files, no file to write and few to read (Landlock), no other process, no
/// program to run, no kernel interface that a plugin has no use for (seccomp), and no network unless it is
/// given. Errors: plugin.sandbox, if the system has no seccomp; without Landlock (before Linux 5.13) that
/// part is left out, and the words returned say so: "seccomp, landlock, no network".
Result<std::string> enter_sandbox(const SandboxRules& rules);

}  // namespace certspan::worker
