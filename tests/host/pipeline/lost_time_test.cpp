// A journal that was put back from a backup: CAs outside know more than it does.

#include "host/pipeline/lost_time.hpp"

#include <catch2/catch.hpp>

#include "host/pipeline/turn.hpp"
#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

constexpr WallMs kDay = WallMs{24} * 3600 * 1000;

/// The host works, loses its journal, and starts again from what was before.
struct Restored : EngineFixture {
  void lose(Pipeline pipeline) {
    lose_journal();
    lost_time = {clock->wall_ms(), clock->wall_ms() + kDay};
    start(std::move(pipeline));
  }
  Script::Issuer& ca(const char* name) { return script.issuers[name]; }
};

TEST_CASE_METHOD(Restored, "a certificate of the lost time is found and delivered, and no second one made") {
  start(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  lose(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").issued == 1);
  CHECK(ca("ca").lookups == 1);
}

TEST_CASE_METHOD(Restored, "a new request is issued when its CA has promised that it did nothing") {
  ca("ca").lookup = {"unavailable", "cancelled"};
  lose(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").lookups == 2);
  CHECK(ca("ca").asked == 1);
  // Known from now on.
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").lookups == 2);
}

TEST_CASE_METHOD(Restored, "the CA that stood in for another one is asked too, before the first issues") {
  ca("ca").issue = {"unavailable"};
  start(pipeline({"ca", "ca-2"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca-2").issued == 1);
  ca("ca").lookup = {"cancelled"};
  lose(pipeline({"ca", "ca-2"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").issued == 0);
  CHECK(ca("ca-2").issued == 1);
}

TEST_CASE_METHOD(Restored, "when all have promised the first of them issues") {
  ca("ca").lookup = {"cancelled"};
  ca("ca-2").lookup = {"cancelled"};
  lose(pipeline({"ca", "ca-2"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").issued == 1);
}

TEST_CASE_METHOD(Restored, "an order that is still pending there is waited for") {
  start(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  ca("ca").lookup = {"pending"};
  lose(pipeline({"ca"}));
  const auto waiting = send("a");
  REQUIRE(wait_for(ItemState::Pending));
  CHECK(ca("ca").issued == 1);
}

TEST_CASE_METHOD(Restored, "a CA that repeats itself gives the first certificate, and no other is asked") {
  start(pipeline({"idempotent"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  ca("idempotent").issue = {"unavailable", "ok"};
  ca("ca").lookup = {"cancelled"};
  lose(pipeline({"ca", "idempotent"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("idempotent").issued == 1);
  CHECK(ca("ca").issued == 0);
}

TEST_CASE_METHOD(Restored, "a CA that can't be asked leaves the request to a person, whose word is kept") {
  lose(pipeline({"blind"}));
  auto waiting = send("a");
  REQUIRE(wait_for(ItemState::Held));
  CHECK(ca("blind").asked == 0);
  const WorkItem held = only_item();
  CHECK(held.code == "host.restored");
  stop();
  start(pipeline({"blind"}));
  REQUIRE(wait_for(ItemState::Held));
  // The engine takes it up in its own time.
  for (;;) {
    const auto resolved = engine().resolve(held.id, {Resolution::Kind::NotDone, {}}, "ann");
    if (resolved) break;
    REQUIRE(resolved.error().code == "work.busy");
  }
  REQUIRE(wait_for(ItemState::Done));
  CHECK(ca("blind").issued == 1);
}

TEST_CASE_METHOD(Restored, "the embedded CA's records are as old as the journal, so it is not asked") {
  lose(pipeline({"local"}));
  CHECK(ask("a").body.starts_with("ok:"));
  CHECK(ca("local").lookups == 0);
}

TEST_CASE_METHOD(Restored, "requests of after the lost time are issued as ever") {
  lose_journal();
  lost_time = {clock->wall_ms() - kDay, clock->wall_ms()};
  start(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").lookups == 0);
}

TEST_CASE_METHOD(Restored, "a request that came before the turns changed is asked for under both") {
  ca("ca").lookup = {"cancelled", "cancelled"};
  lose_journal();
  lost_time = {clock->wall_ms(), clock->wall_ms() + 31 * kDay};
  start(pipeline({"ca"}));
  CHECK(ask("a").body == "ok:certificate of a 1");
  CHECK(ca("ca").lookups == 2);
  CHECK(only_item().turn == first_turn(only_item().accepted_at));
}

TEST_CASE("a turn stays with a request until a CA has heard of it, and is new after 30 days") {
  const WallMs now = 1000 * kDay;
  WorkItem before;
  before.turn = first_turn(now);
  CHECK(next_turn(before, now) == before.turn);
  CHECK(next_turn(before, now + 30 * kDay) == first_turn(now + 30 * kDay));
  CHECK(first_turn(now + 30 * kDay) != before.turn);
  CHECK(earlier_turn(first_turn(now + 30 * kDay)) == before.turn);
  Attempt asked;
  asked.call = "issue";
  before.add_attempt(asked);
  CHECK(next_turn(before, now + 30 * kDay) == before.turn + 1);
  CHECK_FALSE(is_first_turn(before.turn + 1));
  before.turn = 0;
  CHECK(next_turn(before, now) == first_turn(now));
  CHECK(first_turn(-5) != 0);
}

}  // namespace
}  // namespace certspan
