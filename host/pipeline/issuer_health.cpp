#include "host/pipeline/issuer_health.hpp"

#include <algorithm>
#include <cmath>

namespace certspan {
namespace {

using Milliseconds = IssuerHealth::Milliseconds;

/// Others wait this long while one call probes.
constexpr Milliseconds kWhileProbing{1'000};

Milliseconds until(IssuerHealth::TimePoint then, IssuerHealth::TimePoint now) {
  return std::chrono::ceil<Milliseconds>(then - now);
}

}  // namespace

Milliseconds IssuerHealth::admit(Call call, TimePoint now) {
  const MutexLock lock(mutex_);
  if (state_ == State::Probing) return kWhileProbing;
  if (state_ == State::Open) {
    if (now < until_) return until(until_, now);
    state_ = State::Probing;
    return Milliseconds(0);
  }
  if (call == Call::First) return Milliseconds(0);
  refill(now);
  if (retries_ < 1.0) {
    return Milliseconds(
        static_cast<std::int64_t>(std::ceil((1.0 - retries_) / rules_.retries_per_second * 1000.0)));
  }
  retries_ -= 1.0;
  return Milliseconds(0);
}

IssuerHealth::Change IssuerHealth::took(Outcome outcome, Milliseconds retry_after, TimePoint now) {
  const MutexLock lock(mutex_);
  switch (outcome) {
    case Outcome::Ok:
    case Outcome::Pending:
    case Outcome::Rejected:
    case Outcome::Invalid:
    case Outcome::Unsupported:
      return succeed(now);
    case Outcome::Throttled:
      // It is well, and has said when to come back.
      state_ = retry_after.count() > 0 ? State::Open : State::Closed;
      until_ = now + std::min(retry_after, rules_.longest_pause);
      return Change::None;
    case Outcome::Cancelled:
      if (state_ == State::Probing) state_ = State::Open;
      return Change::None;
    case Outcome::Unavailable:
    case Outcome::Unknown:
    case Outcome::Internal:
      return fail(now);
  }
  return Change::None;
}

IssuerHealth::Change IssuerHealth::succeed(TimePoint now) {
  const bool was_left = pause_.count() > 0;
  state_ = State::Closed;
  failures_ = 0;
  pause_ = Milliseconds(0);
  refill(now);
  retries_ = std::min(rules_.most_retries, retries_ + rules_.retries_per_success);
  return was_left ? Change::AskedAsBefore : Change::None;
}

IssuerHealth::Change IssuerHealth::fail(TimePoint now) {
  ++failures_;
  // Calls that were under way when the breaker opened change nothing about its pause.
  if (state_ == State::Open) return Change::None;
  if (state_ == State::Closed && failures_ < rules_.failures) return Change::None;
  const bool is_new = pause_.count() == 0;
  pause_ = is_new ? rules_.first_pause : std::min(pause_ * 2, rules_.longest_pause);
  until_ = now + pause_;
  state_ = State::Open;
  return is_new ? Change::LeftInPeace : Change::None;
}

void IssuerHealth::forget() {
  const MutexLock lock(mutex_);
  state_ = State::Closed;
  failures_ = 0;
  pause_ = Milliseconds(0);
  until_ = {};
  retries_ = rules_.most_retries;
}

void IssuerHealth::refill(TimePoint now) {
  if (refilled_ != TimePoint{}) {
    const double seconds = std::chrono::duration<double>(now - refilled_).count();
    retries_ = std::min(rules_.most_retries, retries_ + seconds * rules_.retries_per_second);
  }
  refilled_ = now;
}

IssuerHealth::Snapshot IssuerHealth::snapshot(TimePoint now) const {
  const MutexLock lock(mutex_);
  const Milliseconds opens_in = state_ == State::Open && until_ > now ? until(until_, now) : Milliseconds(0);
  return {state_, failures_, opens_in, static_cast<std::uint32_t>(retries_)};
}

std::string_view to_string(IssuerHealth::State state) {
  switch (state) {
    case IssuerHealth::State::Closed:
      return "closed";
    case IssuerHealth::State::Open:
      return "open";
    case IssuerHealth::State::Probing:
      return "probing";
  }
  return "closed";
}

IssuerHealth& IssuerHealths::of(std::string_view connector) {
  const MutexLock lock(mutex_);
  const auto known = healths_.find(connector);
  if (known != healths_.end()) return *known->second;
  return *healths_.emplace(std::string(connector), std::make_unique<IssuerHealth>(rules_)).first->second;
}

std::vector<std::pair<std::string, IssuerHealth*>> IssuerHealths::all() const {
  const MutexLock lock(mutex_);
  std::vector<std::pair<std::string, IssuerHealth*>> all;
  for (const auto& [name, health] : healths_) all.emplace_back(name, health.get());
  return all;
}

}  // namespace certspan
