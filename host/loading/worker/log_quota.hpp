#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace certspan::worker {

/// How much one worker may log: a store of records that fills up again, so that a plugin that floods its log
/// fills neither the disk nor the time of the host. Thread-safe.
class LogQuota {
 public:
  /// False: this record is dropped. `dropped` is what was dropped before this one, told once.
  bool take(std::uint64_t& dropped) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    const std::chrono::duration<double> passed = now - filled_;
    filled_ = now;
    left_ = std::min(kMost, left_ + passed.count() * kEachSecond);
    if (left_ < 1) {
      ++dropped_;
      return false;
    }
    left_ -= 1;
    dropped = dropped_;
    dropped_ = 0;
    return true;
  }

 private:
  static constexpr double kMost = 1000;
  static constexpr double kEachSecond = 100;

  std::mutex mutex_;
  std::chrono::steady_clock::time_point filled_ = std::chrono::steady_clock::now();
  double left_ = kMost;
  std::uint64_t dropped_ = 0;
};

}  // namespace certspan::worker
