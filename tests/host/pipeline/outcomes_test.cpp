// What each answer of an issuer leads to, on a running engine.

#include <catch2/catch.hpp>
#include <thread>

#include "host/pipeline/engine.hpp"
#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

/// Repeats a person's command while the item is being worked on.
template <typename Command>
auto persist(const Command& command) {
  for (;;) {
    auto result = command();
    if (result || result.error().code != "work.busy") return result;
    std::this_thread::yield();
  }
}

TEST_CASE("a CA that repeats itself is asked again after an unknown, and gives the first certificate") {
  EngineFixture fixture;
  fixture.script.issuers["idempotent"].issue = {"unknown", "ok"};
  fixture.start(EngineFixture::pipeline({"idempotent", "ca"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["idempotent"].asked == 2);
}

TEST_CASE(
    "after an unknown no other CA is asked, not even when the first is certainly not available any more") {
  EngineFixture fixture;
  fixture.script.issuers["idempotent"].issue = {"unknown", "unavailable", "throttled", "ok"};
  fixture.start(EngineFixture::pipeline({"idempotent", "ca"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].asked == 0);
}

TEST_CASE("what may have been done is held when its tries are used up, and never a dead letter") {
  EngineFixture fixture;
  fixture.script.issuers["idempotent"].issue = {"unknown", "unavailable", "unavailable", "internal"};
  fixture.start(EngineFixture::pipeline({"idempotent", "ca"}));
  const auto waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Held));
  CHECK(fixture.script.issuers["idempotent"].asked == 4);
  CHECK(fixture.script.issuers["ca"].asked == 0);
}

TEST_CASE("that an earlier call may have been done survives a restart") {
  EngineFixture fixture;
  fixture.script.issuers["idempotent"].issue = {"unknown", "unavailable", "ok"};
  auto pipeline = EngineFixture::pipeline({"idempotent", "ca"});
  pipeline.steps.back().retry = {
      .attempts = 9, .first = std::chrono::milliseconds(60'000), .most = std::chrono::milliseconds(60'000)};
  fixture.start(pipeline);
  auto waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Calling));
  while (fixture.only_item().attempts.size() < 3) std::this_thread::yield();
  fixture.stop();
  CHECK(waiting.get().status == 503);
  pipeline.steps.back().retry = {};
  fixture.start(pipeline);
  const WorkId id = fixture.only_item().id;
  // Twice: the CA is unavailable first.
  while (persist([&] { return fixture.engine().retry(id); })) std::this_thread::yield();
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].asked == 0);
}

TEST_CASE("the next CA hears nothing of an order that the first one dropped") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"pending"};
  fixture.script.issuers["ca"].poll = {"cancelled"};
  fixture.start(EngineFixture::pipeline({"ca", "ca-2"}));
  CHECK(fixture.ask("a").body.starts_with("ok:"));
  for (const char* ca : {"ca", "ca-2"}) {
    for (const std::string& handle : fixture.script.issuers[ca].seen_handles) CHECK(handle.empty());
  }
}

TEST_CASE(
    "a CA that fails again and again is left in peace, which costs nobody a try, and taken up when it is "
    "back") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = std::deque<std::string>(6, "unavailable");
  auto pipeline = EngineFixture::pipeline({"ca"});
  pipeline.steps.back().retry.attempts = 7;
  fixture.start(pipeline);
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].asked == 7);
  const auto status = fixture.engine().status();
  REQUIRE(status.issuers.size() == 1);
  CHECK(status.issuers.front().first == "ca");
  CHECK(status.issuers.front().second.state == IssuerHealth::State::Closed);
}

TEST_CASE("while one CA's breaker is open the next one of the list is asked at once") {
  EngineFixture fixture;
  fixture.issuer_health.first_pause = std::chrono::minutes(10);
  fixture.issuer_health.longest_pause = std::chrono::minutes(10);
  fixture.script.issuers["ca"].issue = std::deque<std::string>(100, "unavailable");
  fixture.start(EngineFixture::pipeline({"ca", "ca-2"}));
  for (int i = 0; i < 10; ++i) CHECK(fixture.ask("client-" + std::to_string(i)).body.starts_with("ok:"));
  CHECK(fixture.script.issuers["ca"].asked == 3);
  CHECK(fixture.script.issuers["ca-2"].issued == 10);
}

TEST_CASE("a pause that a CA asks for is kept by every item") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"throttled"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  const auto before = std::chrono::steady_clock::now();
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(40));
}

TEST_CASE("whom a validator puts off for long is told so at once and takes up no place") {
  EngineFixture fixture;
  fixture.script.validate = {"put_off"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.ask("a").status == 503);
  CHECK(fixture.engine().status().open == 0);
  CHECK(fixture.items(true, true).empty());
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
}

TEST_CASE("whom a validator puts off for a moment waits for his certificate") {
  EngineFixture fixture;
  fixture.script.validate = {"throttled"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
}

TEST_CASE("an order that is still pending at the deadline is taken back, and the item is a dead letter") {
  EngineFixture fixture;
  fixture.script.issuers["orders"].issue = {"pending"};
  fixture.script.issuers["orders"].poll = std::deque<std::string>(100, "pending");
  fixture.script.issuers["orders"].cancel = {"cancelled"};
  auto pipeline = EngineFixture::pipeline({"orders"}, kTellPending);
  pipeline.deadline = std::chrono::milliseconds(1'200);
  fixture.start(pipeline);
  CHECK(fixture.ask("a p").body == "pending:");
  REQUIRE(fixture.wait_for(ItemState::Dead));
  CHECK(fixture.only_item().code == "item.deadline");
  // Nothing more comes of it: the client is to ask anew.
  CHECK(fixture.ask("poll p").body == "rejected:");
}

TEST_CASE(
    "an order that its CA does not take back at the deadline is held, since it may still be fulfilled") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"pending"};
  fixture.script.issuers["ca"].poll = std::deque<std::string>(100, "pending");
  auto pipeline = EngineFixture::pipeline({"ca"}, kTellPending);
  pipeline.deadline = std::chrono::milliseconds(1'200);
  fixture.start(pipeline);
  CHECK(fixture.ask("a p").body == "pending:");
  REQUIRE(fixture.wait_for(ItemState::Held));
}

TEST_CASE("an item that found no CA until its deadline is a dead letter") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = std::deque<std::string>(10'000, "unavailable");
  auto pipeline = EngineFixture::pipeline({"ca"});
  pipeline.steps.back().retry.attempts = 1'000'000;
  pipeline.deadline = std::chrono::milliseconds(200);
  fixture.start(pipeline);
  CHECK(fixture.ask("a").status == 503);
  CHECK(fixture.only_item().code == "item.deadline");
}

// --- a person's word
// -------------------------------------------------------------------------------------------------

TEST_CASE("a person says what came of a held item: issued, not done, or abandoned") {
  EngineFixture fixture;
  fixture.script.issuers["blind"].issue = {"unknown"};
  fixture.start(EngineFixture::pipeline({"blind"}));
  auto waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Held));
  const WorkId id = fixture.only_item().id;
  const auto resolve = [&](Resolution resolution) {
    return persist([&] { return fixture.engine().resolve(id, resolution, "alice"); });
  };

  SECTION("a certificate is taken after the fence has looked at it") {
    fixture.script.after_issue = {"rejected"};
    const auto refused = resolve({Resolution::Kind::Issued, copy_of(as_bytes("someone else's"))});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "scripted.rejected");
    REQUIRE(resolve({Resolution::Kind::Issued, copy_of(as_bytes("the one"))}));
    CHECK(waiting.get().body == "ok:the one");
    CHECK(fixture.ask("a").body == "ok:the one");
    CHECK(fixture.only_item().reason.find("alice") != std::string::npos);
  }
  SECTION("what was not done is asked for again") {
    REQUIRE(resolve({Resolution::Kind::NotDone, {}}));
    CHECK(waiting.get().body == "ok:certificate of a 2");
  }
  SECTION("what is abandoned is refused to the device") {
    REQUIRE(resolve({Resolution::Kind::Abandon, {}}));
    CHECK(waiting.get().body == "cancelled:");
  }
  SECTION("to try it again or cancel it is not the word that is needed") {
    const auto retried = persist([&] { return fixture.engine().retry(id); });
    REQUIRE_FALSE(retried);
    CHECK(retried.error().code == "work.held");
    const auto cancelled = persist([&] { return fixture.engine().cancel(id, "alice"); });
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code == "work.held");
    REQUIRE(resolve({Resolution::Kind::NotDone, {}}));
    waiting.wait();
  }
}

TEST_CASE("a person cancels what waits for its CA, and hurries it") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unavailable"};
  auto pipeline = EngineFixture::pipeline({"ca"});
  pipeline.steps.back().retry = {
      .attempts = 9, .first = std::chrono::milliseconds(600'000), .most = std::chrono::milliseconds(600'000)};
  fixture.start(pipeline);
  auto waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Ready));
  const WorkId id = fixture.only_item().id;
  SECTION("cancelled: the device hears no") {
    REQUIRE(persist([&] { return fixture.engine().cancel(id, "alice"); }));
    CHECK(waiting.get().body == "cancelled:");
    CHECK(fixture.only_item().code == "work.cancelled");
  }
  SECTION("hurried: the device has its certificate now") {
    REQUIRE(persist([&] { return fixture.engine().retry(id); }));
    CHECK(waiting.get().body == "ok:certificate of a 1");
  }
}

TEST_CASE("a pending order is cancelled at its CA, or not at all") {
  EngineFixture fixture;
  fixture.script.issuers["orders"].issue = {"pending"};
  fixture.script.issuers["orders"].poll = std::deque<std::string>(10'000, "pending");
  fixture.start(EngineFixture::pipeline({"orders"}, kTellPending));
  SECTION("it drops the order") {
    fixture.script.issuers["orders"].cancel = {"cancelled"};
    CHECK(fixture.ask("a p").body == "pending:");
    REQUIRE(persist([&] { return fixture.engine().cancel(fixture.only_item().id, "alice"); }));
    REQUIRE(fixture.wait_for(ItemState::Failed));
  }
  SECTION("it had been fulfilled already") {
    fixture.script.issuers["orders"].cancel = {"ok"};
    CHECK(fixture.ask("a p").body == "pending:");
    REQUIRE(persist([&] { return fixture.engine().cancel(fixture.only_item().id, "alice"); }));
    REQUIRE(fixture.wait_for(ItemState::Done));
    CHECK(fixture.ask("poll p").body == "ok:certificate of a 1");
  }
}

}  // namespace
TEST_CASE("a person says yes or no where a validator asks for it, and the client hears pending meanwhile") {
  EngineFixture fixture;
  fixture.script.validate = {"pending"};
  auto pipeline = EngineFixture::pipeline({"ca"});
  pipeline.reply = kTellPending;
  fixture.start(pipeline);
  CHECK(fixture.ask("a").body == "pending:");
  const WorkItem waiting = fixture.only_item();
  CHECK(waiting.state == ItemState::Ready);
  CHECK(fixture.script.issuers["ca"].asked == 0);
  const auto decide = [&](bool approved) {
    return persist([&] { return fixture.engine().decide(waiting.id, approved, "alice", "seen the device"); });
  };

  SECTION("yes: the next step follows, and who said it and why stands with the item") {
    REQUIRE(decide(true));
    REQUIRE(fixture.wait_for(ItemState::Done));
    CHECK(fixture.ask("a").body == "ok:certificate of a 1");
    const WorkItem done = fixture.only_item();
    CHECK(done.label("approved_by") == "alice");
    CHECK(done.label("decision_reason") == "seen the device");
    const auto said = std::ranges::find(done.attempts, "approve", &Attempt::call);
    REQUIRE(said != done.attempts.end());
    CHECK(said->message == "approved on the word of alice: seen the device");
    const auto late = decide(false);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == "work.finished");
  }
  SECTION("no: the client is refused") {
    REQUIRE(decide(false));
    REQUIRE(fixture.wait_for(ItemState::Failed));
    CHECK(fixture.ask("a").body == "rejected:");
    CHECK(fixture.only_item().code == "work.refused");
    CHECK(fixture.only_item().label("refused_by") == "alice");
    CHECK(fixture.script.issuers["ca"].asked == 0);
  }
}

TEST_CASE("nobody's yes lets an item go on that waits for something else") {
  EngineFixture fixture;
  fixture.script.issuers["blind"].issue = {"unknown"};
  fixture.start(EngineFixture::pipeline({"blind"}));
  auto waiting = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Held));
  const WorkId id = fixture.only_item().id;
  const auto approved = persist([&] { return fixture.engine().decide(id, true, "alice", "why not"); });
  REQUIRE_FALSE(approved);
  CHECK(approved.error().code == "work.not_waiting");
  REQUIRE(persist([&] { return fixture.engine().resolve(id, {Resolution::Kind::Abandon, {}}, "alice"); }));
  waiting.wait();
}

TEST_CASE("an item that nobody decides on until its deadline is a dead letter") {
  EngineFixture fixture;
  fixture.script.validate = std::deque<std::string>(100, "pending");
  auto pipeline = EngineFixture::pipeline({"ca"});
  pipeline.reply = kTellPending;
  pipeline.deadline = std::chrono::milliseconds(300);
  fixture.start(pipeline);
  CHECK(fixture.ask("a").body == "pending:");
  REQUIRE(fixture.wait_for(ItemState::Dead));
  CHECK(fixture.only_item().code == "item.deadline");
}

}  // namespace certspan
