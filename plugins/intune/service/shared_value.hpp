// Something that is fetched by one caller and used by all until it ends: a token, a list of places.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "plugins/intune/service/trouble.hpp"

namespace certspan::intune {

/// What was fetched, how long it lasts, and when a new one should be fetched.
template <class T>
struct Fetched {
  T value;
  std::chrono::milliseconds lasts{0};
  std::chrono::milliseconds renew_after{0};
};

/// Thread-safe. While one caller fetches, the others use the value that still holds, or wait for the new one
/// and share what became of it.
template <class T>
class SharedValue {
 public:
  using Clock = std::chrono::steady_clock;
  using Pointer = std::shared_ptr<const T>;  // shared by the calls that use it when it is replaced

  /// `now()` is the time, `fetch()` answers Got<Fetched<T>>; it runs under no lock. After a failure nobody
  /// fetches for its retry_after, or a second.
  template <class Now, class Fetch>
  Got<Pointer> get(const Now& now, Clock::time_point deadline, const Fetch& fetch) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const Clock::time_point at = now();
      const bool holds = value_ != nullptr && at < ends_;
      if (holds && (at < renew_at_ || fetching_ || at < quiet_until_)) return value_;
      if (at < quiet_until_) return tl::unexpected(quiet(at));
      if (!fetching_) break;
      const std::uint64_t round = round_;
      const bool over =
          at >= deadline || !changed_.wait_for(lock, deadline - at, [&] { return round_ != round; });
      if (over) return trouble("intune.no_time", "the time was over before a token or an address was there");
      if (failed_) return tl::unexpected(*failed_);
    }
    fetching_ = true;
    lock.unlock();
    Got<Fetched<T>> fetched = fetch_or_fail(fetch);
    lock.lock();
    return take(std::move(fetched), now());
  }

  /// `used` turned out to be no good: the next caller fetches a new one.
  void drop(const Pointer& used) {
    const std::lock_guard lock(mutex_);
    if (value_ == used) value_.reset();
  }

  /// `used` lacks something that may have come meanwhile: dropped if it was fetched `age` ago, so that asking
  /// for what isn't there costs little. True: it was.
  bool drop_if_older(const Pointer& used, Clock::time_point now, std::chrono::milliseconds age) {
    const std::lock_guard lock(mutex_);
    if (value_ != used || now < fetched_at_ + age) return false;
    value_.reset();
    return true;
  }

  /// Whatever there is, is used no more.
  void clear() {
    const std::lock_guard lock(mutex_);
    value_.reset();
  }

 private:
  /// Whatever is thrown ends the round too, or nobody would ever fetch again.
  template <class Fetch>
  static Got<Fetched<T>> fetch_or_fail(const Fetch& fetch) {
    try {
      return fetch();
    } catch (const std::exception& fault) {
      return trouble("intune.internal", std::string("a fault of this connector: ") + fault.what());
    }
  }

  Trouble quiet(Clock::time_point at) const {
    Trouble still = *failed_;
    still.retry_after = std::chrono::ceil<std::chrono::milliseconds>(quiet_until_ - at);
    return still;
  }

  Got<Pointer> take(Got<Fetched<T>> fetched, Clock::time_point at) {
    fetching_ = false;
    ++round_;
    changed_.notify_all();
    if (!fetched) {
      constexpr std::chrono::milliseconds kShortestQuiet{1000};
      failed_ = fetched.error();
      quiet_until_ = at + std::max(kShortestQuiet, fetched.error().retry_after);
      if (value_ != nullptr && at < ends_) return value_;
      return tl::unexpected(*failed_);
    }
    failed_.reset();
    quiet_until_ = {};
    fetched_at_ = at;
    ends_ = at + fetched->lasts;
    renew_at_ = at + fetched->renew_after;
    value_ = std::make_shared<const T>(std::move(fetched->value));
    return value_;
  }

  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  Pointer value_;
  Clock::time_point fetched_at_;
  Clock::time_point ends_;
  Clock::time_point renew_at_;
  Clock::time_point quiet_until_;
  std::optional<Trouble> failed_;  // what the last fetch came to, if to nothing
  std::uint64_t round_ = 0;
  bool fetching_ = false;
};

}  // namespace certspan::intune
