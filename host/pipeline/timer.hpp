#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/mutex.hpp"

namespace certspan {

/// Runs jobs at a time of the monotonic clock, on one thread of its own; a job hands real work to a pool.
/// Thread-safe.
class Timer {
 public:
  using Job = std::function<void()>;
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Timer(const Clock& clock);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void at(TimePoint when, Job job);
  void after(std::chrono::milliseconds delay, Job job) { at(clock_.now() + delay, std::move(job)); }
  /// Drops what is waiting and ends the thread. Legal twice.
  void stop();

 private:
  void run();

  const Clock& clock_;
  Mutex mutex_;
  Condition changed_;
  std::multimap<TimePoint, Job> jobs_ CERTSPAN_GUARDED_BY(mutex_);
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace certspan
