#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/base/outcome.hpp"

namespace certspan {

/// Whether an issuer may be asked now: a breaker that opens when it fails again and again, a pause that the
/// CA itself asked for, and a budget for retries, so that a CA that comes back is not met by all of them at
/// once.
///
/// While the breaker is open nothing is asked. When its pause is over one call is let through: if that goes
/// well the breaker closes, else it opens for twice as long. What the host itself cancels says nothing about
/// the CA. Thread-safe.
class IssuerHealth {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  struct Rules {
    std::uint32_t failures = 5;       ///< in a row that open the breaker
    Milliseconds first_pause{5'000};  ///< doubled by each probe that fails
    Milliseconds longest_pause{120'000};
    double retries_per_second = 2.0;   ///< what the budget gains with time
    double retries_per_success = 0.2;  ///< and with each call that went well
    double most_retries = 60.0;        ///< it never holds more; it starts full
  };

  enum class State : std::uint8_t { Closed, Open, Probing };

  explicit IssuerHealth(const Rules& rules) : rules_(rules), retries_(rules.most_retries) {}

  enum class Call : std::uint8_t { First, Retry };
  /// Zero: make the call and tell `took`. Otherwise how long to wait before asking here again.
  Milliseconds admit(Call call, TimePoint now);
  enum class Change : std::uint8_t { None, LeftInPeace, AskedAsBefore };
  /// What came of an admitted call, and what it changes for those who look after the CA: the breaker opened
  /// after calls that went well, or is closed again; probes that fail meanwhile change nothing. `retry_after`
  /// is what the CA asked for, or zero.
  Change took(Outcome outcome, Milliseconds retry_after, TimePoint now);

  /// As if it had never been asked.
  void forget();

  struct Snapshot {
    State state = State::Closed;
    std::uint32_t failures = 0;  ///< in a row
    Milliseconds opens_in{0};    ///< Open: until the probe
    std::uint32_t retries_left = 0;
  };
  Snapshot snapshot(TimePoint now) const;

 private:
  void refill(TimePoint now) CERTSPAN_REQUIRES(mutex_);
  Change succeed(TimePoint now) CERTSPAN_REQUIRES(mutex_);
  Change fail(TimePoint now) CERTSPAN_REQUIRES(mutex_);

  const Rules rules_;
  mutable Mutex mutex_;
  State state_ CERTSPAN_GUARDED_BY(mutex_) = State::Closed;
  std::uint32_t failures_ CERTSPAN_GUARDED_BY(mutex_) = 0;
  Milliseconds pause_ CERTSPAN_GUARDED_BY(mutex_){0};
  TimePoint until_ CERTSPAN_GUARDED_BY(mutex_){};
  double retries_ CERTSPAN_GUARDED_BY(mutex_);
  TimePoint refilled_ CERTSPAN_GUARDED_BY(mutex_){};
};

std::string_view to_string(IssuerHealth::State state);

/// The health of every issuer that was asked since the host started, by connector name. It outlives
/// configurations: a reload forgets no open breaker. Thread-safe.
class IssuerHealths {
 public:
  explicit IssuerHealths(const IssuerHealth::Rules& rules = {}) : rules_(rules) {}

  /// Made when it is asked for first; stays as long as this object.
  IssuerHealth& of(std::string_view connector);
  std::vector<std::pair<std::string, IssuerHealth*>> all() const;

 private:
  const IssuerHealth::Rules rules_;
  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<IssuerHealth>, std::less<>> healths_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
