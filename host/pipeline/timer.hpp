#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <thread>
#include <utility>

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

  void at(TimePoint when, Job job) { add(when, {std::move(job), false}); }
  void after(std::chrono::milliseconds delay, Job job) { at(clock_.now() + delay, std::move(job)); }
  /// Housekeeping, which no work item waits for: `next` does not tell of it.
  void upkeep_after(std::chrono::milliseconds delay, Job job);
  /// When the first job is due that is no housekeeping; none waits: nothing.
  std::optional<TimePoint> next() const;
  /// The clock has been set forward: looks at it again.
  void clock_moved();
  /// Drops what is waiting and ends the thread. Legal twice.
  void stop();

 private:
  struct Dated {
    Job job;
    bool upkeep = false;
  };

  void add(TimePoint when, Dated dated);
  void run();

  const Clock& clock_;
  mutable Mutex mutex_;
  Condition changed_;
  std::multimap<TimePoint, Dated> jobs_ CERTSPAN_GUARDED_BY(mutex_);
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace certspan
