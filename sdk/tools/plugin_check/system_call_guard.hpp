#pragma once

namespace certspan::check {

/// From now on, a system call by this thread, or by one that it starts, that the contract forbids (fork,
/// exec, exit, chdir, umask, setrlimit and their like) ends the check as failed. False: this system can't do
/// that.
bool forbid_system_calls();

}  // namespace certspan::check
