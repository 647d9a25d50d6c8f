#include "host/pipeline/outcome_rules.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

TEST_CASE("only a certain 'not done' lets another CA be asked") {
  const IssuerTraits outside{.local_effects = false, .idempotent = false, .has_lookup = true};
  CHECK(after_issue_call(Outcome::Unavailable, outside) == Action::NextCa);
  CHECK(after_issue_call(Outcome::Throttled, outside) == Action::NextCa);
  CHECK(after_issue_call(Outcome::Unknown, outside) == Action::LookUp);
  CHECK(after_issue_call(Outcome::Internal, outside) == Action::LookUp);
  CHECK(after_issue_call(Outcome::Rejected, outside) == Action::Refuse);
  CHECK(after_lookup(Outcome::Cancelled) == Action::NextCa);
  CHECK(after_lookup(Outcome::Unavailable) == Action::LookUp);
  CHECK(after_lookup(Outcome::Internal) == Action::LookUp);
}

TEST_CASE("an unknown is asked again only where that does no harm, and else held") {
  CHECK(after_issue_call(Outcome::Unknown, {.local_effects = true}) == Action::Repeat);
  CHECK(after_issue_call(Outcome::Unknown, {.idempotent = true}) == Action::Repeat);
  CHECK(after_issue_call(Outcome::Unknown, {}) == Action::Hold);
}

TEST_CASE("what is certain of one call is not certain of the one before it") {
  const IssuerTraits unsure{.idempotent = true, .unsure = true};
  CHECK(after_issue_call(Outcome::Unavailable, unsure) == Action::Repeat);
  CHECK(after_issue_call(Outcome::Throttled, unsure) == Action::Repeat);
  CHECK(after_issue_call(Outcome::Ok, unsure) == Action::GoOn);
}

TEST_CASE("a validator that gives no clear answer fails closed") {
  for (const Outcome outcome : {Outcome::Pending, Outcome::Unavailable, Outcome::Throttled, Outcome::Unknown,
                                Outcome::Cancelled, Outcome::Internal}) {
    CHECK(after_check(outcome) == Action::Repeat);
  }
  CHECK(after_check(Outcome::Ok) == Action::GoOn);
  CHECK(after_check(Outcome::Unsupported) == Action::Refuse);
}

TEST_CASE("pauses double up to a bound, are spread over their whole length, and honour 'ask again after'") {
  const RetryPolicy policy{.attempts = 6, .first = std::chrono::seconds(1), .most = std::chrono::seconds(10)};
  CHECK(back_off(policy, 1, {}, 0.0) == std::chrono::milliseconds(0));
  CHECK(back_off(policy, 1, {}, 0.5) == std::chrono::milliseconds(500));
  CHECK(back_off(policy, 3, {}, 0.999) == std::chrono::milliseconds(3996));
  CHECK(back_off(policy, 60, {}, 0.5) == std::chrono::milliseconds(5000));
  CHECK(back_off(policy, 1, std::chrono::seconds(7), 0.5) == std::chrono::seconds(7));
}

}  // namespace
}  // namespace certspan
