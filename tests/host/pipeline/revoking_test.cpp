// Orders of revocation: whose certificates they may name, how often they are repeated, who is told, and the
// guard against the end of a whole fleet.

#include <catch2/catch.hpp>

#include "tests/host/pipeline/engine_fixture.hpp"

namespace certspan {
namespace {

using Words = std::vector<std::string>;

/// Enrolments of "source", and orders of "queue" that "hook" hears the end of.
std::vector<Pipeline> with_orders(const std::string& issuer) {
  Pipeline enrol = EngineFixture::pipeline({issuer});
  Step revoke;
  revoke.kind = StepKind::Revoke;
  revoke.connectors = {issuer};
  revoke.sources = {"source"};
  revoke.reason = 5;
  revoke.retry = {.attempts = 0, .first = std::chrono::milliseconds(2), .most = std::chrono::milliseconds(4)};
  Step told;
  told.kind = StepKind::Deliver;
  told.connectors = {"hook"};
  told.retry = revoke.retry;
  Step not_done = told;
  not_done.kind = StepKind::DeliverFailure;
  Pipeline leavers;
  leavers.name = "leavers";
  leavers.source = "queue";
  leavers.steps = {revoke, told, not_done};
  return {enrol, leavers};
}

Submission order(std::string_view name, Labels labels) {
  Submission submission;
  submission.source = "queue";
  submission.message = kRevocation;
  std::copy_n(name.begin(), std::min(name.size(), submission.key.size()), submission.key.begin());
  submission.labels = std::move(labels);
  return submission;
}

WorkItem order_of(EngineFixture& fixture) {
  for (const WorkItem& item : fixture.items(true, true)) {
    if (item.message == kRevocation) return item;
  }
  return {};
}

/// Brings the order and waits until nothing is left to do.
WorkItem carried_out(EngineFixture& fixture, Submission submission) {
  REQUIRE(fixture.engine().submitter().bring(std::move(submission)) == Outcome::Ok);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (fixture.engine().status().open != 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
  return order_of(fixture);
}

TEST_CASE("an order by work id is carried out at the CA that issued, and told of when it is durable") {
  EngineFixture fixture;
  std::string state_when_told;
  fixture.script.inside_deliver = [&] { state_when_told = to_string(order_of(fixture).state); };
  fixture.start(with_orders("ca"));
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  const std::string issued = to_string(fixture.only_item().id);
  const WorkItem done = carried_out(fixture, order("1", {{"revokes", issued}, {"serial", "0A"}}));
  CHECK(done.state == ItemState::Done);
  CHECK(done.issuer == "ca");
  CHECK(done.label("reason") == "cessation_of_operation");
  CHECK(fixture.script.issuers["ca"].revoked == Words{"certificate of a 1, certificate of a 1, 5"});
  CHECK(fixture.script.heard == Words{"hook ok "});
  CHECK(state_when_told == "ready");
}

TEST_CASE("an order without a work id needs a serial number that fits just one certificate") {
  EngineFixture fixture;
  fixture.start(with_orders("local"));
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  const WorkItem done = carried_out(fixture, order("1", {{"serial", "0a"}}));
  CHECK(done.state == ItemState::Done);
  CHECK(fixture.script.issuers["local"].revoked == Words{"certificate of a 1, , 5"});

  CHECK(carried_out(fixture, order("2", {{"serial", "0b"}})).code == "revocation.not_found");
  CHECK(fixture.script.heard.back() == "hook failed revocation.not_found");
  CHECK(carried_out(fixture, order("3", {})).code == "revocation.not_found");
}

TEST_CASE(
    "an order names nothing but certificates of its own sources and CAs, with the right serial number") {
  EngineFixture fixture;
  auto pipelines = with_orders("ca");
  pipelines[1].steps[0].connectors = {"local"};
  fixture.start(pipelines);
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  const std::string issued = to_string(fixture.only_item().id);
  CHECK(carried_out(fixture, order("1", {{"revokes", issued}})).code == "revocation.foreign");
  CHECK(carried_out(fixture, order("2", {{"serial", "0a"}})).code == "revocation.not_found");
  fixture.stop();
  pipelines[1].steps[0].connectors = {"ca"};
  pipelines[1].steps[0].sources = {"queue"};
  fixture.start(pipelines);
  CHECK(carried_out(fixture, order("3", {{"revokes", issued}})).code == "revocation.foreign");
  fixture.stop();
  fixture.start(with_orders("ca"));
  CHECK(carried_out(fixture, order("4", {{"revokes", issued}, {"serial", "0b"}})).code ==
        "revocation.wrong_serial");
  CHECK(carried_out(fixture, order("5", {{"revokes", "w-9999"}})).code == "revocation.not_found");
  CHECK(fixture.script.issuers["ca"].revoked.empty());
}

TEST_CASE("whatever is no final answer is asked again, and a CA's no is told") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].revoke = {"unknown", "unavailable", "internal", "throttled", "ok", "rejected"};
  fixture.start(with_orders("ca"));
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(carried_out(fixture, order("1", {{"serial", "0a"}})).state == ItemState::Done);
  CHECK(fixture.script.issuers["ca"].revoked.size() == 5);
  const WorkItem refused = carried_out(fixture, order("2", {{"serial", "0a"}}));
  CHECK(refused.state == ItemState::Failed);
  CHECK(fixture.script.heard.back() == "hook failed scripted.rejected");
}

TEST_CASE("a CA that can't revoke is said so of") {
  EngineFixture fixture;
  fixture.start(with_orders("blind"));
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(carried_out(fixture, order("1", {{"serial", "0a"}})).code == "revocation.cannot");
}

TEST_CASE("a revoked certificate is handed out to nobody again: the same bytes are a new request") {
  EngineFixture fixture;
  fixture.start(with_orders("ca"));
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  CHECK(fixture.ask("a").body == "ok:certificate of a 1");
  REQUIRE(carried_out(fixture, order("1", {{"serial", "0a"}})).state == ItemState::Done);
  fixture.script.validate = {"rejected"};
  CHECK(fixture.ask("a").body == "rejected:");
}

TEST_CASE("a poll for a revoked certificate is refused") {
  EngineFixture fixture;
  fixture.start(with_orders("ca"));
  REQUIRE(fixture.ask("a p").body == "ok:certificate of a 1");
  CHECK(fixture.ask("poll p").body == "ok:certificate of a 1");
  REQUIRE(carried_out(fixture, order("1", {{"serial", "0a"}})).state == ItemState::Done);
  CHECK(fixture.ask("poll p").body == "rejected:");
}

TEST_CASE(
    "an order that was brought is there after a restart, and the same order twice is one while it is open") {
  EngineFixture fixture;
  fixture.script.issuers["ca"].revoke = {"unavailable"};
  auto pipelines = with_orders("ca");
  pipelines[1].steps[0].retry.first = pipelines[1].steps[0].retry.most = std::chrono::hours(1);
  fixture.start(pipelines);
  REQUIRE(fixture.ask("a").body == "ok:certificate of a 1");
  REQUIRE(fixture.engine().submitter().bring(order("1", {{"serial", "0a"}})) == Outcome::Ok);
  REQUIRE(fixture.engine().submitter().bring(order("1", {{"serial", "0a"}})) == Outcome::Ok);
  CHECK(fixture.items(true, false).size() == 1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (order_of(fixture).tries == 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
  fixture.stop();
  fixture.start(with_orders("ca"));
  fixture.hurry(order_of(fixture).id);
  REQUIRE(fixture.wait_for(ItemState::Done));
  CHECK(order_of(fixture).state == ItemState::Done);
}

/// Waits until the host has had revoked what nobody may have.
WorkItem paid(EngineFixture& fixture) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  WorkItem order = order_of(fixture);
  while (order.state != ItemState::Done) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    order = order_of(fixture);
  }
  return order;
}

TEST_CASE("a certificate that its deliverer refused word of is revoked by the host itself") {
  EngineFixture fixture;
  fixture.script.deliver = {"rejected"};
  fixture.start(EngineFixture::telling({"ca"}, {"hook"}));
  CHECK(fixture.ask("a").body == "rejected:");
  const WorkItem order = paid(fixture);
  CHECK(order.label("ordered_by") == "certspan");
  CHECK(order.label("revokes") == to_string(fixture.only_item().id));
  CHECK(fixture.script.issuers["ca"].revoked == Words{"certificate of a 1, certificate of a 1, 4"});
}

TEST_CASE("a certificate that is not what was asked for is revoked, also after a restart in between") {
  EngineFixture fixture;
  fixture.script.after_issue = {"rejected"};
  fixture.start(EngineFixture::pipeline({"local"}));
  CHECK(fixture.ask("a").body == "rejected:");
  fixture.stop();
  fixture.start(EngineFixture::pipeline({"local"}));
  CHECK(paid(fixture).issuer == "local");
  CHECK(fixture.script.issuers["local"].revoked.size() == 1);
}

TEST_CASE("a certificate that nobody may have and whose CA can't revoke is left to people") {
  EngineFixture fixture;
  fixture.script.after_issue = {"rejected"};
  fixture.start(EngineFixture::pipeline({"blind"}));
  CHECK(fixture.ask("a").body == "rejected:");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (fixture.log_text().find("revocation is a person's") == std::string::npos)
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  CHECK(order_of(fixture).message.empty());
}

TEST_CASE("a person's order needs no pipeline, is the same while it is open, and no guard counts it") {
  EngineFixture fixture;
  fixture.revocation_guard.orders = 1;
  fixture.script.issuers["ca"].revoke = {"unavailable"};
  fixture.start(EngineFixture::pipeline({"ca"}));
  REQUIRE(fixture.ask("a").status == 200);
  const Intake::RevocationOrder mine{fixture.only_item().id, 1, "ann", "stolen", false};
  const auto first = fixture.engine().revoke(mine);
  REQUIRE(first);
  const auto second = fixture.engine().revoke(mine);
  REQUIRE(second);
  const WorkItem order = paid(fixture);
  CHECK(order.label("ordered_by") == "ann");
  CHECK(order.label("why") == "stolen");
  CHECK(order.label("reason") == "key_compromise");
  CHECK(fixture.engine().revoke({WorkId{12345}, 1, "ann", "", false}).error().code == "revocation.not_found");
  CHECK(fixture.engine().revoke({order.id, 1, "ann", "", false}).error().code == "revocation.not_issued");
}

TEST_CASE("an order that no pipeline takes is not taken") {
  EngineFixture fixture;
  fixture.start(EngineFixture::pipeline({"ca"}));
  CHECK(fixture.engine().submitter().bring(order("1", {{"serial", "0a"}})) == Outcome::Rejected);
  CHECK(fixture.items(true, true).empty());
}

TEST_CASE("no source gets past the guard by saying that a person has ordered or approved it") {
  EngineFixture fixture;
  fixture.revocation_guard.orders = 1;
  fixture.start(with_orders("ca"));
  for (const char* name : {"a", "b"}) REQUIRE(fixture.ask(name).status == 200);
  CHECK(carried_out(fixture, order("1", {{"serial", "0a"}})).state == ItemState::Done);
  REQUIRE(fixture.engine().submitter().bring(
              order("2", {{"serial", "0b"}, {"ordered_by", "ann"}, {"approved_by", "ann"}})) == Outcome::Ok);
  const auto waits = [&] {
    const auto open = fixture.items(true, false);
    return open.size() == 1 && !open[0].attempts.empty() && open[0].attempts.back().call == "guard";
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!waits()) REQUIRE(std::chrono::steady_clock::now() < deadline);
  CHECK(fixture.script.issuers["ca"].revoked.size() == 1);
}

TEST_CASE("beyond the guard orders wait for a person, survive a restart, and go on at a yes") {
  EngineFixture fixture;
  fixture.revocation_guard.orders = 2;
  fixture.start(with_orders("ca"));
  for (const char* name : {"a", "b", "c", "d"}) REQUIRE(fixture.ask(name).status == 200);
  CHECK(carried_out(fixture, order("1", {{"serial", "0a"}})).state == ItemState::Done);
  CHECK(carried_out(fixture, order("2", {{"serial", "0b"}})).state == ItemState::Done);
  REQUIRE(fixture.engine().submitter().bring(order("3", {{"serial", "0c"}})) == Outcome::Ok);
  REQUIRE(fixture.engine().submitter().bring(order("4", {{"serial", "0d"}})) == Outcome::Ok);
  const auto both_wait = [&] {
    const auto open = fixture.items(true, false);
    return open.size() == 2 && std::ranges::all_of(open, [](const WorkItem& item) {
             return !item.attempts.empty() && item.attempts.back().call == "guard";
           });
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!both_wait()) REQUIRE(std::chrono::steady_clock::now() < deadline);
  fixture.stop();
  fixture.start(with_orders("ca"));
  CHECK(both_wait());
  CHECK(fixture.script.issuers["ca"].revoked.size() == 2);
  const auto waiting = fixture.items(true, false);
  const auto decide = [&](WorkId id, bool yes) {
    Result<void> said = fail(Outcome::Unavailable, "work.busy", "");
    while (!said && said.error().code == "work.busy") said = fixture.engine().decide(id, yes, "ann", "meant");
    return said.has_value();
  };
  CHECK(decide(waiting[0].id, true));
  CHECK(decide(waiting[1].id, false));
  while (fixture.engine().status().open != 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
  CHECK(fixture.script.issuers["ca"].revoked.size() == 3);
  CHECK(fixture.script.heard.back().starts_with("hook"));
}

}  // namespace
}  // namespace certspan
