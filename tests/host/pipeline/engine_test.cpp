#include "host/pipeline/engine.hpp"

#include <catch2/catch.hpp>

#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

TEST_CASE("an item is issued by the embedded CA in one commit, and a repeat gets the same certificate") {
  EngineFixture fixture;
  fixture.start(EngineFixture::pipeline({"local"}));
  CHECK(fixture.ask("a") == ClientAnswer{200, "ok:certificate of a 1"});
  CHECK(fixture.ask("a") == ClientAnswer{200, "ok:certificate of a 1"});
  CHECK(fixture.script.issuers["local"].issued == 1);
  REQUIRE(fixture.items(true, true).size() == 1);
  const WorkItem item = fixture.items(false, true).front();
  CHECK(item.state == ItemState::Done);
  CHECK(item.certificate.empty());  // it stands in the CA's ledger
}

TEST_CASE("that a CA outside is about to be asked is durable before it hears of it") {
  EngineFixture fixture;
  std::vector<ItemState> seen;
  fixture.script.inside_issue = [&](const std::string&) {
    for (const WorkItem& item : fixture.items(true, true)) seen.push_back(item.state);
  };
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(seen == std::vector{ItemState::Calling});
  CHECK(as_text(fixture.items(false, true).front().certificate) == "certificate of a 1");
}

TEST_CASE("a CA that is certainly not available is followed by the next one of the list") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unavailable"};
  fixture.start(EngineFixture::pipeline({"ca", "ca-2"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca-2"].issued == 1);
  CHECK(fixture.script.issuers["ca"].issued == 0);
}

TEST_CASE("an unknown outcome is looked up, and what the CA has issued is taken") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unknown"};
  fixture.start(EngineFixture::pipeline({"ca", "ca-2"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].issued == 1);
  CHECK(fixture.script.issuers["ca"].lookups == 1);
  CHECK(fixture.script.issuers["ca-2"].issued == 0);
}

TEST_CASE("another CA is asked only after the first has promised that it did and will do nothing") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unknown"};
  fixture.script.issuers["ca"].lookup = {"unavailable", "unavailable", "cancelled"};
  fixture.start(EngineFixture::pipeline({"ca", "ca-2"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].lookups == 3);
  CHECK(fixture.script.issuers["ca-2"].issued == 1);
}

TEST_CASE(
    "a pending order is polled until it is done, and the client hears PENDING where the pipeline says so") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"pending"};
  fixture.script.issuers["ca"].poll = {"pending", "unavailable", "ok"};
  fixture.start(EngineFixture::pipeline({"ca"}, kTellPending));
  CHECK(fixture.ask("a p").body == "pending:");
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.ask("poll p").body == "ok:certificate of a 1");
  CHECK(fixture.ask("a p").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("a poll for something that was never submitted is refused") {
  EngineFixture fixture;
  fixture.start(EngineFixture::pipeline({"local"}));
  CHECK(fixture.ask("poll nothing").body == "rejected:");
}

TEST_CASE("a repeat of an open item waits with it; another request under its transaction is refused") {
  EngineFixture fixture;
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  std::promise<void> entered;
  fixture.script.inside_issue = [&](const std::string&) {
    entered.set_value();
    may_go_on.wait();
  };
  fixture.start(EngineFixture::pipeline({"ca"}));
  auto first = fixture.send("a p");
  entered.get_future().wait();
  auto repeat = fixture.send("a p");
  CHECK(fixture.ask("b p").body == "rejected:");
  go_on.set_value();
  CHECK(first.get().body == "ok:certificate of a 1");
  CHECK(repeat.get().body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("a certificate that the fence does not accept is never delivered") {
  EngineFixture fixture;
  fixture.script.after_issue = {"rejected"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.items(true, true).front().state == ItemState::Failed);
}

TEST_CASE("a refusal is remembered, and what its validator had staged is not") {
  EngineFixture fixture;
  fixture.script.challenge = "once";
  fixture.script.issuers["local"].issue = {"rejected"};
  fixture.start(EngineFixture::pipeline({"local"}));
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.items(true, true).size() == 1);
  CHECK(fixture.ask("b").body == "ok:certificate of b 1");
}

TEST_CASE("of many items that spend one record, one gets its certificate") {
  EngineFixture fixture;
  fixture.script.challenge = "once";
  fixture.start(EngineFixture::pipeline({"local"}));
  std::vector<PendingAnswer> answers;
  for (int i = 0; i < 24; ++i) answers.push_back(fixture.send("client-" + std::to_string(i)));
  int issued = 0;
  for (PendingAnswer& answer : answers) issued += answer.get().body.starts_with("ok:") ? 1 : 0;
  CHECK(issued == 1);
  CHECK(fixture.items(true, false).empty());
}

TEST_CASE("many clients at once each get their own certificate") {
  EngineFixture fixture;
  fixture.start(EngineFixture::pipeline({"ca"}));
  // As many as may wait for the CA: the next one hears "try later" when the machine is slow.
  constexpr int kClients = EngineFixture::kOwnQueue;
  std::vector<PendingAnswer> answers;
  for (int i = 0; i < kClients; ++i) answers.push_back(fixture.send("client-" + std::to_string(i)));
  for (int i = 0; i < kClients; ++i) {
    CHECK(answers[static_cast<std::size_t>(i)].get().body.starts_with("ok:certificate of client-" +
                                                                      std::to_string(i) + " "));
  }
  CHECK(fixture.script.issuers["ca"].issued == kClients);
}

TEST_CASE("what validators have found good is said by validators alone") {
  EngineFixture fixture;
  fixture.script.vouching = "source ca fence";
  fixture.start(EngineFixture::pipeline({"ca"}));
  REQUIRE(fixture.ask("a").status == 200);
  const auto validated = [&] {
    std::string found;
    for (const WorkItem& item : fixture.items(true, true)) found += item.label("validated_sid");
    return found;
  };
  CHECK(validated().empty());
  fixture.script.vouching = "source validator ca fence";
  REQUIRE(fixture.ask("b").status == 200);
  CHECK(validated() == "validator");
}

TEST_CASE("what uses up its tries becomes a dead letter, and the client's next request starts anew") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unavailable", "unavailable", "unavailable", "unavailable"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.ask("a").status == 503);
  CHECK(fixture.items(true, true).front().state == ItemState::Dead);
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
}

/// So many validators first, each of which makes the item some 33 KB larger.
Pipeline after_validators(std::size_t count) {
  Pipeline pipeline = EngineFixture::pipeline({"ca"});
  pipeline.steps.insert(pipeline.steps.begin(), count - 1, pipeline.steps.front());
  return pipeline;
}

TEST_CASE("an item that has grown too large to keep is refused for good, and the next one is served") {
  EngineFixture fixture;
  fixture.script.many_labels = true;
  fixture.start(after_validators(17));
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.only_item().state == ItemState::Failed);
  CHECK(fixture.only_item().code == "journal.too_large");
  CHECK(fixture.script.issuers["ca"].asked == 0);
  fixture.script.many_labels = false;
  CHECK(fixture.ask("b").body == "ok:certificate of b 1");
}

TEST_CASE("what has grown too large to keep once its certificate was issued is held for a person") {
  EngineFixture fixture;
  fixture.script.many_labels = true;
  fixture.start(after_validators(15));
  auto answer = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Held));
  CHECK(fixture.only_item().code == "journal.too_large");
  CHECK(fixture.script.issuers["ca"].asked == 1);
  fixture.stop();
  CHECK(answer.get().status == 503);
}

TEST_CASE("a client whose time is over hears 503, and its repeat gets the certificate") {
  EngineFixture fixture;
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  fixture.script.inside_issue = [&](const std::string&) { may_go_on.wait(); };
  fixture.start(EngineFixture::pipeline({"ca"}, {.within = std::chrono::milliseconds(1)}));
  CHECK(fixture.ask("a").status == 503);
  go_on.set_value();
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("a host that starts again looks up what it was asking for when it ended") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"pending"};
  fixture.script.issuers["ca"].poll = std::deque<std::string>(10'000, "pending");
  fixture.start(EngineFixture::pipeline({"ca"}, kTellPending));
  CHECK(fixture.ask("a p").body == "pending:");
  fixture.stop();
  {
    const std::lock_guard lock(fixture.script.mutex);
    fixture.script.issuers["ca"].poll.clear();
  }
  fixture.start(EngineFixture::pipeline({"ca"}, kTellPending));
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.ask("poll p").body == "ok:certificate of a 1");
}

TEST_CASE("a host that takes no work in says so, and loses nothing") {
  EngineFixture fixture;
  fixture.start(EngineFixture::pipeline({"local"}));
  fixture.engine().close_intake();
  CHECK(fixture.ask("a").status == 503);
  CHECK(fixture.items(true, true).empty());
  fixture.engine().open_intake();
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
}

TEST_CASE(
    "while as many calls as may wait for a CA, new work is told to come later, and what was accepted goes "
    "on") {
  EngineFixture fixture;
  std::promise<void> gate;
  const auto may_go_on = gate.get_future().share();
  std::promise<void> all_inside;
  std::atomic<int> inside{0};
  fixture.script.inside_issue = [&](const std::string&) {
    if (++inside == EngineFixture::kWorkers) all_inside.set_value();
    may_go_on.wait();
  };
  fixture.start(EngineFixture::pipeline({"ca"}));
  std::vector<PendingAnswer> accepted;
  const auto send_until = [&](int count) {
    for (int i = static_cast<int>(accepted.size()); i < count; ++i) {
      accepted.push_back(fixture.send("item-" + std::to_string(i)));
    }
  };
  send_until(EngineFixture::kWorkers);
  REQUIRE(all_inside.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  send_until(EngineFixture::kWorkers + EngineFixture::kOwnQueue);
  REQUIRE(fixture.wait_for_full("ca"));
  CHECK(fixture.ask("late").status == 503);
  accepted.push_back(fixture.send("item-7"));  // a repeat waits with the first
  gate.set_value();
  for (PendingAnswer& answer : accepted) CHECK(answer.get().body.starts_with("ok:certificate of item-"));
  CHECK(fixture.ask("late").body.starts_with("ok:certificate of late"));
}

}  // namespace
}  // namespace certspan
