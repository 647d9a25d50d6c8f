// Who is told how an item ended: before its client has the certificate, and after it could get none.

#include <catch2/catch.hpp>

#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

using Words = std::vector<std::string>;

TEST_CASE(
    "deliverers are told in turn of a certificate that is durable and that its client does not have yet") {
  EngineFixture fixture;
  std::vector<std::string> durable;
  fixture.script.inside_deliver = [&] {
    durable.emplace_back(as_text(fixture.only_item().certificate));
    CHECK(fixture.only_item().state == ItemState::Ready);
  };
  fixture.start(EngineFixture::telling({"ca"}, {"hook", "hook-2"}));
  CHECK(fixture.ask("a") == ClientAnswer{200, "ok:certificate of a 1"});
  CHECK(fixture.script.heard == Words{"hook ok certificate of a 1", "hook-2 ok certificate of a 1"});
  CHECK(durable == Words{"certificate of a 1", "certificate of a 1"});
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.heard.size() == 2);
}

TEST_CASE(
    "a certificate of the embedded CA stands in the row until it is told of, and then in its ledger alone") {
  EngineFixture fixture;
  std::string durable;
  fixture.script.inside_deliver = [&] { durable = as_text(fixture.only_item().certificate); };
  fixture.start(EngineFixture::telling({"local"}, {"hook"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(durable == "certificate of a 1");
  CHECK(fixture.only_item().certificate.empty());
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
}

TEST_CASE("a deliverer that can't tell is asked until it can, and the certificate waits for it") {
  EngineFixture fixture;
  fixture.script.deliver = {"unavailable", "unknown", "internal", "throttled", "unavailable", "ok"};
  fixture.start(EngineFixture::telling({"ca"}, {"hook"}));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.heard.size() == 6);
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("a deliverer's no means that the certificate is handed to nobody") {
  EngineFixture fixture;
  fixture.script.deliver = {"rejected"};
  fixture.start(EngineFixture::telling({"ca"}, {"hook"}));
  CHECK(fixture.ask("a").body == "rejected:");
  const WorkItem item = fixture.only_item();
  CHECK(item.state == ItemState::Failed);
  CHECK(item.code == "scripted.rejected");
  CHECK(item.reason.find("handed to nobody") != std::string::npos);
  CHECK(as_text(item.certificate) == "certificate of a 1");  // for whoever takes it back
}

TEST_CASE("tries of a delivery have an end where the step says so") {
  EngineFixture fixture;
  fixture.script.deliver = {"unavailable", "unavailable", "unavailable"};
  Pipeline pipeline = EngineFixture::telling({"ca"}, {"hook"});
  pipeline.steps.back().retry.attempts = 2;
  fixture.start(std::move(pipeline));
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.script.heard.size() == 2);
}

TEST_CASE("what was issued when the host ended is told of by the next one, and not issued again") {
  EngineFixture fixture;
  fixture.script.deliver = {"unavailable"};
  Pipeline pipeline = EngineFixture::telling({"ca"}, {"hook"});
  pipeline.steps.back().retry.first = pipeline.steps.back().retry.most = std::chrono::hours(1);
  fixture.start(pipeline);
  auto lost = fixture.send("a");
  const auto is_told = [&] {
    const auto items = fixture.items(true, false);
    return !items.empty() && items.front().tries == 1 && !items.front().certificate.empty();
  };
  while (!is_told()) std::this_thread::yield();
  fixture.stop();
  CHECK(lost.get().status == 503);
  fixture.start(EngineFixture::telling({"ca"}, {"hook"}));
  const auto late = fixture.send("a");
  fixture.hurry(fixture.only_item().id);
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.script.heard == Words{"hook ok certificate of a 1", "hook ok certificate of a 1"});
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("nobody cancels what is issued and waits to be told of") {
  EngineFixture fixture;
  fixture.script.deliver = {"unavailable"};
  Pipeline pipeline = EngineFixture::telling({"ca"}, {"hook"});
  pipeline.steps.back().retry.first = pipeline.steps.back().retry.most = std::chrono::hours(1);
  fixture.start(pipeline);
  auto client = fixture.send("a");
  const auto waits = [&] {
    const auto items = fixture.items(true, false);
    return !items.empty() && items.front().tries == 1 && !items.front().certificate.empty();
  };
  while (!waits()) std::this_thread::yield();
  Result<void> said = fixture.engine().cancel(fixture.only_item().id, "root");
  while (!said && said.error().code == "work.busy")
    said = fixture.engine().cancel(fixture.only_item().id, "root");
  REQUIRE(!said);
  CHECK(said.error().code == "work.issued");
  fixture.hurry(fixture.only_item().id);
  CHECK(client.get().body == "ok:certificate of a 1");
}

TEST_CASE("a failure after a validator's yes is told, and the client hears of it at once") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"rejected"};
  fixture.script.deliver = {"unavailable", "ok", "rejected"};
  fixture.start(EngineFixture::telling({"ca"}, {}, {"hook", "hook-2"}));
  CHECK(fixture.ask("a").body == "rejected:");
  REQUIRE(fixture.wait_for(ItemState::Failed));
  CHECK(fixture.script.heard == Words{"hook failed scripted.rejected", "hook failed scripted.rejected",
                                      "hook-2 failed scripted.rejected"});
  CHECK(fixture.only_item().code == "scripted.rejected");
}

TEST_CASE("tries that are used up make a dead letter, of which the deliverers of failures hear") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].issue = {"unavailable", "unavailable", "unavailable", "unavailable"};
  fixture.start(EngineFixture::telling({"ca"}, {}, {"hook"}));
  auto client = fixture.send("a");
  REQUIRE(fixture.wait_for(ItemState::Dead));
  CHECK(fixture.script.heard == Words{"hook failed scripted.unavailable"});
  client.wait();
}

TEST_CASE("what no validator said yes to is nobody's to hear of") {
  EngineFixture fixture;
  fixture.script.validate = {"rejected"};
  fixture.start(EngineFixture::telling({"ca"}, {"hook"}, {"hook"}));
  CHECK(fixture.ask("a").body == "rejected:");
  CHECK(fixture.wait_for(ItemState::Failed));
  CHECK(fixture.script.heard.empty());
}

TEST_CASE("a deliverer that is a validator too hears of failures that came after its own yes") {
  EngineFixture fixture;
  Pipeline pipeline = EngineFixture::telling({"ca"}, {}, {"validator", "hook"});
  Step second = pipeline.steps.front();
  pipeline.steps.insert(pipeline.steps.begin() + 1, second);
  pipeline.steps[0].connectors = {"validator-2"};
  fixture.script.validate = {"ok", "rejected"};
  fixture.start(std::move(pipeline));
  CHECK(fixture.ask("a").body == "rejected:");
  REQUIRE(fixture.wait_for(ItemState::Failed));
  CHECK(fixture.script.heard == Words{"hook failed scripted.rejected"});
}

Pipeline telling_late() {
  Pipeline pipeline = EngineFixture::telling({"ca"}, {"hook", "hook-2"});
  pipeline.steps.back().after_reply = true;
  return pipeline;
}

TEST_CASE(
    "who is told after the reply keeps no client waiting, nor one that comes again, and is told all the "
    "same") {
  EngineFixture fixture;
  fixture.script.deliver = {"ok", "unavailable"};
  Pipeline pipeline = telling_late();
  pipeline.steps.back().retry.first = pipeline.steps.back().retry.most = std::chrono::hours(1);
  fixture.start(pipeline);
  CHECK(fixture.ask("a p").body == "ok:certificate of a 1");
  CHECK(fixture.ask("a p").body == "ok:certificate of a 1");
  CHECK(fixture.ask("poll p").body == "ok:certificate of a 1");
  CHECK(fixture.items(true, false).size() == 1);
  fixture.stop();
  fixture.start(telling_late());
  CHECK(fixture.ask("a p").body == "ok:certificate of a 1");
  fixture.hurry(fixture.only_item().id);
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.script.heard.back() == "hook-2 ok certificate of a 1");
  CHECK(fixture.ask("a p").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].issued == 1);
}

TEST_CASE("a no after the reply takes no certificate back") {
  EngineFixture fixture;
  fixture.script.deliver = {"ok", "rejected"};
  fixture.start(telling_late());
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.script.issuers["ca"].revoked.empty());
}

}  // namespace
}  // namespace certspan
