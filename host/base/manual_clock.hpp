#pragma once

#include <atomic>

#include "host/base/clock.hpp"

namespace certspan {

/// A clock that stands still until it is moved, so that days pass in no time and a run gives the same times
/// each time. Whoever moves it tells the timers that look at it (`Timer::clock_moved`). Thread-safe.
class ManualClock final : public Clock {
 public:
  struct Reading {
    std::chrono::steady_clock::time_point now;
    WallMs wall_ms = 0;
  };
  static Reading of(const Clock& clock) { return {clock.now(), clock.wall_ms()}; }

  /// Begins `offset` after `start`: what goes on where another clock ended.
  explicit ManualClock(Reading start, std::chrono::milliseconds offset = {})
      : start_(start), offset_ms_(offset.count()) {}

  std::chrono::steady_clock::time_point now() const override { return start_.now + offset(); }
  WallMs wall_ms() const override { return start_.wall_ms + offset().count(); }

  /// Since `start`.
  std::chrono::milliseconds offset() const { return std::chrono::milliseconds(offset_ms_.load()); }
  /// Forward only: `by` is not negative.
  void move(std::chrono::milliseconds by) { offset_ms_ += by.count(); }

 private:
  const Reading start_;
  std::atomic<std::int64_t> offset_ms_;
};

}  // namespace certspan
