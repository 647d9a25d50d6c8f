#include "host/pipeline/issuer_health.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

using std::chrono::milliseconds;
using Call = IssuerHealth::Call;
using State = IssuerHealth::State;

constexpr milliseconds kNone{0};
const IssuerHealth::Rules kRules{.failures = 3,
                                 .first_pause = milliseconds(100),
                                 .longest_pause = milliseconds(300),
                                 .retries_per_second = 10.0,
                                 .retries_per_success = 0.5,
                                 .most_retries = 2.0};

struct Bench {
  IssuerHealth health{kRules};
  IssuerHealth::TimePoint now{std::chrono::hours(1)};

  void fail(int times) {
    for (int i = 0; i < times; ++i) health.took(Outcome::Unavailable, kNone, now);
  }
  milliseconds admit(Call call = Call::First) { return health.admit(call, now); }
};

TEST_CASE(
    "a breaker opens after so many failures in a row, and one good answer in between starts the count anew") {
  Bench bench;
  bench.fail(2);
  bench.health.took(Outcome::Rejected, kNone, bench.now);
  bench.fail(2);
  CHECK(bench.admit() == kNone);
  bench.fail(1);
  CHECK(bench.admit() == milliseconds(100));
  CHECK(bench.health.snapshot(bench.now).state == State::Open);
}

TEST_CASE(
    "when the pause is over one call probes while the others wait; its failure doubles the pause, up to a "
    "bound") {
  Bench bench;
  bench.fail(3);
  for (const milliseconds pause :
       {milliseconds(100), milliseconds(200), milliseconds(300), milliseconds(300)}) {
    CHECK(bench.admit() == pause);
    bench.now += pause;
    CHECK(bench.admit() == kNone);
    CHECK(bench.admit() > kNone);
    bench.fail(1);
  }
  bench.now += milliseconds(300);
  CHECK(bench.admit() == kNone);
  bench.health.took(Outcome::Ok, kNone, bench.now);
  CHECK(bench.admit() == kNone);
  CHECK(bench.admit() == kNone);
  CHECK(bench.health.snapshot(bench.now).failures == 0);
}

TEST_CASE("calls that were under way when the breaker opened do not lengthen its pause") {
  Bench bench;
  bench.fail(20);
  CHECK(bench.admit() == milliseconds(100));
}

TEST_CASE("a probe that is not made after all leaves the next one its turn") {
  Bench bench;
  bench.fail(3);
  bench.now += milliseconds(100);
  CHECK(bench.admit() == kNone);
  bench.health.took(Outcome::Cancelled, kNone, bench.now);
  CHECK(bench.admit() == kNone);
}

TEST_CASE("a CA that asks for a pause gets it from everybody, and is not counted as failing") {
  Bench bench;
  bench.health.took(Outcome::Throttled, milliseconds(250), bench.now);
  CHECK(bench.admit() == milliseconds(250));
  CHECK(bench.health.snapshot(bench.now).failures == 0);
  bench.now += milliseconds(250);
  CHECK(bench.admit() == kNone);
}

TEST_CASE("retries have a budget that time and success fill again; first calls need none of it") {
  Bench bench;
  CHECK(bench.admit(Call::Retry) == kNone);
  CHECK(bench.admit(Call::Retry) == kNone);
  CHECK(bench.admit(Call::Retry) == milliseconds(100));
  CHECK(bench.admit(Call::First) == kNone);
  bench.now += milliseconds(100);
  CHECK(bench.admit(Call::Retry) == kNone);
  bench.health.took(Outcome::Ok, kNone, bench.now);
  bench.health.took(Outcome::Ok, kNone, bench.now);
  CHECK(bench.admit(Call::Retry) == kNone);
  CHECK(bench.admit(Call::Retry) > kNone);
}

}  // namespace
TEST_CASE("that a CA is left in peace is told once, and so is its return") {
  using Change = IssuerHealth::Change;
  IssuerHealth health(IssuerHealth::Rules{.failures = 2});
  auto now = IssuerHealth::TimePoint{} + std::chrono::hours(1);
  CHECK(health.took(Outcome::Unavailable, kNone, now) == Change::None);
  CHECK(health.took(Outcome::Unavailable, kNone, now) == Change::LeftInPeace);
  for (int probe = 0; probe < 3; ++probe) {
    now += std::chrono::hours(1);
    REQUIRE(health.admit(IssuerHealth::Call::First, now).count() == 0);
    CHECK(health.took(Outcome::Unknown, kNone, now) == Change::None);
  }
  now += std::chrono::hours(1);
  REQUIRE(health.admit(IssuerHealth::Call::First, now).count() == 0);
  CHECK(health.took(Outcome::Ok, kNone, now) == Change::AskedAsBefore);
  CHECK(health.took(Outcome::Ok, kNone, now) == Change::None);
}

}  // namespace certspan
