#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/file_descriptor.hpp"
#include "host/base/result.hpp"
#include "host/loading/worker/frame_socket.hpp"

namespace certspan::worker {

/// What a worker is started with.
struct WorkerPlan {
  std::filesystem::path program;                ///< certspan-worker
  std::filesystem::path image;                  ///< the plugin's private copy, which was verified
  std::string type;                             ///< the connector type that it plays
  std::vector<std::filesystem::path> readable;  ///< files that its settings name
  bool network = false;                         ///< it may open sockets of its own
  unsigned slots = 1;                           ///< that are there from the start
};

/// One worker process and the sockets to it: a control socket, whose end is the worker's end, and one slot
/// for each call that is under way at the same time. Thread-safe, but for `start` and `reap`.
class WorkerProcess {
 public:
  /// Starts one. To be called on a thread that outlives the worker, which dies with the thread that made it.
  /// Errors: plugin.worker (the program can't be started, or there are no descriptors left).
  static Result<std::shared_ptr<WorkerProcess>> start(const WorkerPlan& plan);
  /// Kills the worker if it is still there.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  const FrameSocket& control() const { return control_; }
  /// What the plugin prints: its end of a pipe.
  int output() const { return output_.get(); }
  /// The next of what it printed, for people; "" if there is nothing now.
  std::string printed() const;

  /// A slot that nobody uses, a new one if need be; not open if the worker is gone, or the process has no
  /// descriptors left: a number of them is there from the start, so that calls go on then.
  std::unique_ptr<FrameSocket> take_slot();
  /// Only after a whole conversation: a slot that was left in the middle of one is dropped instead.
  void give_back(std::unique_ptr<FrameSocket> slot);

  /// The worker is to end by itself: its control socket is closed.
  void end();
  void kill();
  /// Waits until the worker has ended, kills it at `deadline`, and says how it ended: "signal 11 (SEGV)".
  std::string reap(std::chrono::steady_clock::time_point deadline);

 private:
  WorkerProcess(pid_t pid, FileDescriptor pidfd, FrameSocket control, FileDescriptor output)
      : pid_(pid), pidfd_(std::move(pidfd)), control_(std::move(control)), output_(std::move(output)) {}

  std::unique_ptr<FrameSocket> open_slot() const;

  const pid_t pid_;
  const FileDescriptor pidfd_;
  const FrameSocket control_;
  const FileDescriptor output_;
  std::mutex mutex_;
  bool reaped_ = false;
  std::vector<std::unique_ptr<FrameSocket>> idle_;
};

/// The worker program that belongs to this host: beside it in a build tree, else in libexec.
std::filesystem::path worker_program();

}  // namespace certspan::worker
