#include "host/pipeline/outcome_rules.hpp"

#include <algorithm>

namespace certspan {

Action after_issue_call(Outcome outcome, const IssuerTraits& traits) {
  switch (outcome) {
    case Outcome::Ok:
      return Action::GoOn;
    case Outcome::Pending:
      return Action::Wait;
    case Outcome::Unavailable:
    case Outcome::Throttled:
      // What is certain of this call is not certain of the one before.
      return traits.unsure ? Action::Repeat : Action::NextCa;
    case Outcome::Cancelled:
      return Action::Repeat;
    case Outcome::Rejected:
    case Outcome::Invalid:
    case Outcome::Unsupported:
      return Action::Refuse;
    case Outcome::Unknown:
    case Outcome::Internal:
      // Effects of a local issuer are staged and were dropped with the call, so it is certain that nothing
      // was done.
      if (traits.local_effects || traits.idempotent) return Action::Repeat;
      return traits.has_lookup ? Action::LookUp : Action::Hold;
  }
  return Action::Hold;
}

Action after_poll(Outcome outcome) {
  const Action action = after_lookup(outcome);
  return action == Action::LookUp ? Action::Wait : action;
}

Action after_lookup(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok:
      return Action::GoOn;
    case Outcome::Pending:
      return Action::Wait;
    case Outcome::Rejected:
    case Outcome::Invalid:
    case Outcome::Unsupported:
      return Action::Refuse;
    case Outcome::Cancelled:
      return Action::NextCa;
    case Outcome::Unavailable:
    case Outcome::Throttled:
    case Outcome::Unknown:
    case Outcome::Internal:
      return Action::LookUp;
  }
  return Action::LookUp;
}

Action after_check(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok:
      return Action::GoOn;
    case Outcome::Rejected:
    case Outcome::Invalid:
    case Outcome::Unsupported:
      return Action::Refuse;
    case Outcome::Pending:
    case Outcome::Unavailable:
    case Outcome::Throttled:
    case Outcome::Unknown:
    case Outcome::Cancelled:
    case Outcome::Internal:
      return Action::Repeat;
  }
  return Action::Repeat;
}

std::chrono::milliseconds back_off(const RetryPolicy& policy, std::uint32_t tries,
                                   std::chrono::milliseconds ask_again_after, double random) {
  const auto doublings = std::min<std::uint32_t>(tries > 0 ? tries - 1 : 0, 30);
  const auto bound = std::min<std::int64_t>(policy.first.count() << doublings, policy.most.count());
  const auto jitter = static_cast<std::int64_t>(random * static_cast<double>(bound));
  return std::max(std::chrono::milliseconds(jitter), ask_again_after);
}

}  // namespace certspan
