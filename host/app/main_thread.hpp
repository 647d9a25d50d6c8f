#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>

#include <nlohmann/json.hpp>

#include "host/base/mutex.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// Work that only the main thread may do, brought by threads that answer the control socket: whatever makes,
/// starts or ends connectors. A signal of its own wakes the main thread, which waits for signals anyway.
class MainThread {
 public:
  using Job = std::function<Result<nlohmann::json>()>;

  /// The signal; blocked in every thread.
  static int wake_signal();

  /// Has the main thread do `job` and waits for what came of it; what it throws is thrown here. Error
  /// "host.stopping" when it takes no more.
  Result<nlohmann::json> have_done(Job job);

  /// On the main thread: does what waits.
  void do_jobs();
  /// On the main thread: whoever waits, now or later, hears that the host stops.
  void close();

 private:
  struct Task {
    Job job;
    std::promise<Result<nlohmann::json>> done;
  };
  std::unique_ptr<Task> next();

  Mutex mutex_;
  std::deque<std::unique_ptr<Task>> tasks_ CERTSPAN_GUARDED_BY(mutex_);
  bool closed_ CERTSPAN_GUARDED_BY(mutex_) = false;
};

}  // namespace certspan
