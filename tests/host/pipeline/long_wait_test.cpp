// Days of waiting, on a clock that is moved.

#include <catch2/catch.hpp>
#include <thread>

#include "host/base/manual_clock.hpp"
#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

using std::chrono::hours;

/// Moves the clock from one due time to the next, until `until` or until no item is open.
void pass_time(Engine& engine, ManualClock& clock, std::chrono::milliseconds until) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < limit) {
    const Engine::Rest rest = engine.rest();
    if (rest.open == 0) return;
    if (!rest.at_rest || !rest.next || *rest.next <= clock.now()) {
      std::this_thread::yield();
      continue;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*rest.next - clock.now());
    if (clock.offset() + left > until) return;
    clock.move(left);
    engine.clock_moved();
  }
  FAIL("the engine does not come to rest");
}

TEST_CASE("an order that is pending for 48 hours is asked about each hour, over a restart, and ends once") {
  const ReplyRule tell_pending{.within = std::chrono::milliseconds(45'000), .then = ReplyRule::Then::Pending};
  ManualClock clock(ManualClock::of(SystemClock()));
  EngineFixture fixture;
  fixture.clock = &clock;
  Script::Issuer& orders = fixture.script.issuers["orders"];
  orders.issue = {"hourly"};
  orders.poll.assign(47, "hourly");
  fixture.start(EngineFixture::pipeline({"orders"}, tell_pending));
  CHECK(fixture.ask("a t1").body == "pending:");

  pass_time(fixture.engine(), clock, hours(24) + std::chrono::minutes(30));
  CHECK(fixture.only_item().state == ItemState::Pending);
  CHECK(orders.polls == 24);
  fixture.stop();
  fixture.start(EngineFixture::pipeline({"orders"}, tell_pending));
  pass_time(fixture.engine(), clock, hours(24 * 7));

  CHECK(clock.offset() == hours(48));
  CHECK(orders.asked == 1);
  CHECK(orders.polls == 48);
  CHECK(orders.issued == 1);
  CHECK(fixture.only_item().state == ItemState::Done);
  CHECK(fixture.ask("poll t1").body == "ok:certificate of a 1");
}

TEST_CASE("an order whose time to ask came while the host was down is asked about at once") {
  ManualClock clock(ManualClock::of(SystemClock()));
  EngineFixture fixture;
  fixture.clock = &clock;
  Script::Issuer& orders = fixture.script.issuers["orders"];
  orders.issue = {"hourly"};
  fixture.start(EngineFixture::pipeline({"orders"}));
  const PendingAnswer waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Pending));
  fixture.stop();
  clock.move(hours(10));
  fixture.start(EngineFixture::pipeline({"orders"}));
  pass_time(fixture.engine(), clock, hours(11));
  CHECK(clock.offset() == hours(10));
  CHECK(orders.polls == 1);
  CHECK(fixture.only_item().state == ItemState::Done);
}

}  // namespace
}  // namespace certspan
