#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "host/base/file_descriptor.hpp"
#include "sdk/tools/plugin_check/check.hpp"

namespace certspan::check {

/// What the check is doing right now, for the sentence about a crash: "stop". Cheap; any thread.
void enter_phase(std::string_view phase);
/// " (stop)", or nothing.
std::string current_phase();

/// How many bytes the process has written to standard output and standard error; 0 outside a child.
std::uint64_t bytes_printed();

/// Ends the check at once as failed, for the reason `what` and the phase, and with it the process. From any
/// thread; allocates nothing, for another one may hold the locks of malloc. Outside a child: goes on.
void end_check_now(std::string_view what);
bool in_child();

/// Runs one check right here and makes a verdict of what it throws. The work is done on a thread as a host
/// has it: all signals blocked.
Verdict run_here(const Check& check, Run& run);

struct Board;

/// One check in a process of its own, with a time limit. The process is ended by the destructor. Used by one
/// thread, and only while the process has no other.
class Child {
 public:
  Child(const Check& check, const Run& run, std::chrono::milliseconds limit);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  /// Ends it if it has not ended, and says what it came to.
  Verdict finish();

 private:
  void become_child(const Check& check, Run run);
  Verdict verdict_of(int status, bool timed_out) const;
  std::string printed() const;

  std::chrono::milliseconds limit_;
  std::chrono::steady_clock::time_point deadline_;
  Board* board_ = nullptr;  // shared with the child: no descriptor that a plugin could close
  FileDescriptor output_;
  FileDescriptor pidfd_;
  pid_t pid_ = -1;
};

}  // namespace certspan::check
