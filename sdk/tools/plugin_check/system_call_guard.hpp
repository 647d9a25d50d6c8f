#pragma once

#include <cstdint>

namespace certspan::check {

enum class Forbidden : std::uint8_t {
  Process,  ///< fork, exec, exit, chdir, umask, setrlimit and their like
  Network,  ///< sockets of IPv4 and IPv6
};

/// From now on, a system call by this thread, or by one that it starts, that is forbidden ends the check as
/// failed. False: this system can't do that.
bool forbid_system_calls(Forbidden what);

}  // namespace certspan::check
