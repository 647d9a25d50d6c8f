#pragma once

#include <algorithm>
#include <chrono>
#include <deque>

namespace certspan::worker {

/// When a worker that has ended is started again: after 200 ms at first, twice as long each further time up
/// to 30 s, and no more after ten ends within ten minutes. Used by one thread.
class RestartPolicy {
 public:
  using Clock = std::chrono::steady_clock;
  struct Verdict {
    bool again;
    std::chrono::milliseconds after;
  };

  Verdict ended(Clock::time_point now) {
    while (!ends_.empty() && now - ends_.front() > kWindow) ends_.pop_front();
    ends_.push_back(now);
    if (ends_.size() >= kMostEnds) return {false, {}};
    const auto doublings = std::min<std::size_t>(ends_.size() - 1, 10);
    return {true, std::min<std::chrono::milliseconds>(kLongest, kShortest * (1LL << doublings))};
  }

 private:
  static constexpr std::chrono::minutes kWindow{10};
  static constexpr std::size_t kMostEnds = 10;
  static constexpr std::chrono::milliseconds kShortest{200};
  static constexpr std::chrono::milliseconds kLongest{30'000};

  std::deque<Clock::time_point> ends_;
};

}  // namespace certspan::worker
