#pragma once

#include <chrono>
#include <cstdint>

namespace certspan {

/// Milliseconds since 1970-01-01 UTC: what stands in the journal and what people see.
using WallMs = std::int64_t;

/// Time as the host sees it, given in so that tests can set it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// CLOCK_MONOTONIC: for deadlines.
  virtual std::chrono::steady_clock::time_point now() const = 0;
  virtual WallMs wall_ms() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  WallMs wall_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace certspan
