#include <catch2/catch.hpp>

#include "host/loading/abi_limits.hpp"
#include "host/loading/connector.hpp"
#include "host/services/abi_views.hpp"
#include "host/services/call_scope.hpp"
#include "tests/host/loading/fake_type.hpp"

namespace certspan {
namespace {

using Calls = std::vector<std::string>;
using Catch::Matchers::Contains;
using test::FakeType;
using test::plain_answer;

/// A started connector of a fake type.
struct Started {
  FakeType fake;
  std::unique_ptr<Connector> connector;
  WorkItem item;

  Started() { connect(); }
  void connect() {
    connector = std::make_unique<Connector>("corp-ca", fake.plugin(), fake.type());
    REQUIRE(connector->create(nullptr, "{}").ok());
    REQUIRE(connector->start().ok());
    fake.calls.clear();
  }
  void answer_with(certspan_answer answer) {
    fake.answers = [answer](const certspan_item&, const certspan_answer_sink& sink) {
      sink.answer(sink.context, &answer);
    };
  }
};

certspan_answer with_certificate(certspan_outcome outcome) {
  static const std::uint8_t der[] = {0x30, 0x00};
  certspan_answer answer = plain_answer(outcome);
  answer.certificate = {der, sizeof(der)};
  return answer;
}

TEST_CASE("each call reaches its function with the item and comes back as an answer") {
  Started s;
  s.item.transaction_id = "T1";
  s.fake.issued = [](const certspan_issued&) {};
  std::string seen;
  s.fake.answers = [&](const certspan_item& item, const certspan_answer_sink& sink) {
    seen = from_abi(item.transaction_id);
    const certspan_answer answer = with_certificate(CERTSPAN_OK);
    sink.answer(sink.context, &answer);
  };
  const std::vector<Bytes> no_chain;
  Connector& c = *s.connector;
  CHECK(c.validate(s.item, {}).ok());
  CHECK(c.issue(s.item, {}).certificate == Bytes{0x30, 0x00});
  CHECK(c.poll(s.item, {}).ok());
  CHECK(c.lookup(s.item, {}).ok());
  CHECK(c.before_issue(s.item, {}, {"corp-ca", {}, no_chain}).ok());
  CHECK(c.after_issue(s.item, {}, {"corp-ca", {}, no_chain}).ok());
  CHECK(seen == "T1");
  CHECK(s.fake.calls == Calls{"validate", "issue", "poll", "lookup", "before_issue", "after_issue"});
}

TEST_CASE("a plugin that forgets to answer, or answers twice, gets internal") {
  Started s;
  CHECK(s.connector->validate(s.item, {}).code == "plugin.no_answer");
  s.fake.answers = [](const certspan_item&, const certspan_answer_sink& sink) {
    const certspan_answer ok = plain_answer(CERTSPAN_OK);
    sink.answer(sink.context, &ok);
    sink.answer(sink.context, &ok);
  };
  const Answer answer = s.connector->validate(s.item, {});
  CHECK(answer.outcome == Outcome::Internal);
  CHECK(answer.code == "plugin.two_answers");
}

TEST_CASE("an issuer's ok needs a certificate and its pending a handle") {
  Started s;
  s.answer_with(plain_answer(CERTSPAN_OK));
  CHECK(s.connector->issue(s.item, {}).code == "plugin.no_certificate");
  CHECK(s.connector->poll(s.item, {}).code == "plugin.no_certificate");
  CHECK(s.connector->lookup(s.item, {}).outcome == Outcome::Internal);
  CHECK(s.connector->validate(s.item, {}).ok());
  s.answer_with(plain_answer(CERTSPAN_PENDING));
  CHECK(s.connector->issue(s.item, {}).code == "plugin.no_handle");
  CHECK(s.connector->poll(s.item, {}).outcome == Outcome::Pending);
}

TEST_CASE("an issuer's \"certainly not done\" counts only while no order of the call is open") {
  Started s;
  std::vector<StoreWrite> writes;
  for (const certspan_outcome claim : {CERTSPAN_UNAVAILABLE, CERTSPAN_THROTTLED}) {
    certspan_answer answer = plain_answer(claim);
    answer.retry_after_ms = 7000;
    s.answer_with(answer);
    CallScope scope("w-1", writes);
    const auto outcome = static_cast<Outcome>(claim);
    CHECK(s.connector->issue(s.item, {}).outcome == outcome);
    scope.exchange_begins(1);
    const Answer overruled = s.connector->issue(s.item, {});
    CHECK(overruled.outcome == Outcome::Unknown);
    CHECK(overruled.code == "http_out.order_left");
    CHECK_THAT(overruled.message, Contains(std::string(to_string(outcome))));
    CHECK(overruled.retry_after == std::chrono::seconds(7));
    // What changes nothing at the CA keeps its word.
    CHECK(s.connector->poll(s.item, {}).outcome == outcome);
    CHECK(s.connector->lookup(s.item, {}).outcome == outcome);
    CHECK(s.connector->validate(s.item, {}).outcome == outcome);
    scope.answer_came(1);
    CHECK(s.connector->issue(s.item, {}).outcome == Outcome::Unknown);
    REQUIRE(scope.answered_by_ca(1));
    CHECK(s.connector->issue(s.item, {}).outcome == outcome);
    scope.exchange_begins(2);
    scope.nothing_left(2);
    CHECK(s.connector->issue(s.item, {}).outcome == outcome);
  }
}

TEST_CASE("an issuer's final answer stands, whatever left") {
  Started s;
  std::vector<StoreWrite> writes;
  CallScope scope("w-1", writes);
  scope.exchange_begins(1);
  s.answer_with(plain_answer(CERTSPAN_REJECTED));
  CHECK(s.connector->issue(s.item, {}).outcome == Outcome::Rejected);
  s.answer_with(with_certificate(CERTSPAN_OK));
  CHECK(s.connector->issue(s.item, {}).ok());
}

TEST_CASE("a note within issue reaches the function that stores it") {
  Started s;
  s.fake.answers = [](const certspan_item&, const certspan_answer_sink& sink) {
    const std::uint8_t id[] = {9};
    certspan_answer answer = with_certificate(CERTSPAN_OK);
    if (sink.note(sink.context, {id, 1}) != CERTSPAN_OK) answer = plain_answer(CERTSPAN_UNAVAILABLE);
    sink.answer(sink.context, &answer);
  };
  Bytes stored;
  const auto store = [&](BytesView note) {
    stored = copy_of(note);
    return Outcome::Ok;
  };
  CHECK(s.connector->issue(s.item, {}, store).ok());
  CHECK(stored == Bytes{9});
  CHECK(s.connector->issue(s.item, {}).outcome == Outcome::Unavailable);
}

TEST_CASE("a role or function that is not offered is unsupported, by name") {
  Started s;
  FakeType::offers_all = false;
  FakeType::issuer_table.lookup = nullptr;
  FakeType::issuer_table.poll = nullptr;
  FakeType::issuer_table.find = nullptr;
  FakeType::issuer_table.ping = nullptr;
  s.connect();
  const Answer answer = s.connector->validate(s.item, {});
  CHECK(answer.outcome == Outcome::Unsupported);
  CHECK(answer.code == "connector.no_role");
  CHECK_THAT(answer.message, Contains("connector \"corp-ca\" (fake) does not offer validate"));
  CHECK_FALSE(s.connector->has_lookup());
  CHECK_FALSE(s.connector->has_poll());
  CHECK(s.connector->lookup(s.item, {}).code == "connector.no_role");
  CHECK(s.connector->poll(s.item, {}).code == "connector.no_role");
  CHECK(s.connector->find({}, {}).error().code == "connector.no_role");
  CHECK(s.connector->ping().outcome == Outcome::Unsupported);
  CHECK_FALSE(s.connector->handle({}, nullptr));
  CHECK(s.connector->run_action("init", "{}").report.outcome == Outcome::Unsupported);
  CHECK(s.fake.calls.empty());
}

TEST_CASE("a connector that is not started is called by nobody") {
  Started s;
  s.connector->stop();
  s.fake.calls.clear();
  const Answer answer = s.connector->issue(s.item, {});
  CHECK(answer.outcome == Outcome::Cancelled);
  CHECK(answer.code == "connector.not_started");
  CHECK(s.connector->lookup(s.item, {}).outcome == Outcome::Unavailable);
  CHECK(s.connector->chain().error().code == "connector.not_started");
  CHECK(s.connector->find({}, {}).error().code == "connector.not_started");
  CHECK(s.connector->run_action("init", "{}").report.outcome == Outcome::Internal);
  CHECK(s.fake.calls.empty());
}

TEST_CASE("a chain comes back in order") {
  Started s;
  s.fake.chain = [](const certspan_chain_sink& sink) {
    const std::uint8_t certificates[] = {1, 2};
    sink.add(sink.context, {nullptr, 0}, {certificates, 1});
    sink.add(sink.context, {nullptr, 0}, {certificates + 1, 1});
    return CERTSPAN_OK;
  };
  CHECK(s.connector->chain().value() == std::vector<Bytes>{{1}, {2}});
}

TEST_CASE("a chain that is empty, too long or not to be had is an error") {
  Started s;
  std::size_t count = 0;
  std::size_t size = 1;
  certspan_outcome outcome = CERTSPAN_OK;
  const Bytes large(abi_limit::kCertificate + 1, 1);
  s.fake.chain = [&](const certspan_chain_sink& sink) {
    for (std::size_t i = 0; i < count; ++i) sink.add(sink.context, {nullptr, 0}, {large.data(), size});
    return outcome;
  };
  const auto code = [&] {
    const auto chain = s.connector->chain();
    return chain ? "ok" : chain.error().code;
  };
  CHECK(code() == "plugin.empty_chain");
  count = abi_limit::kChain;
  CHECK(code() == "ok");
  count = abi_limit::kChain + 1;
  CHECK(code() == "plugin.over_limit");
  count = 1;
  size = large.size();
  CHECK(code() == "plugin.over_limit");
  outcome = CERTSPAN_UNAVAILABLE;
  CHECK(code() == "plugin.chain_failed");
  CHECK(s.connector->chain().error().outcome == Outcome::Unavailable);
}

TEST_CASE("find tells found, revoked, none such and not now apart") {
  Started s;
  certspan_outcome outcome = CERTSPAN_OK;
  std::uint32_t state = CERTSPAN_CERTIFICATE_GOOD;
  int times = 1;
  Bytes serial;
  s.fake.find = [&](const certspan_find_request& request, const certspan_find_sink& sink) {
    serial = copy_of(from_abi(request.serial));
    const std::uint8_t der[] = {0x30, 0x00};
    for (int i = 0; i < times; ++i) sink.found(sink.context, {der, sizeof(der)}, state);
    return outcome;
  };
  const Bytes asked = {0x01, 0xab};
  const auto good = s.connector->find({}, asked);
  REQUIRE((good.has_value() && good->has_value()));
  CHECK(serial == asked);
  CHECK((*good)->certificate == Bytes{0x30, 0x00});
  CHECK_FALSE((*good)->revoked);
  state = CERTSPAN_CERTIFICATE_REVOKED;
  CHECK(s.connector->find({}, asked).value().value().revoked);

  state = 3;  // unknown to this host: not to be taken for good
  CHECK(s.connector->find({}, asked).error().code == "plugin.bad_answer");
  state = CERTSPAN_CERTIFICATE_GOOD;
  times = 2;
  CHECK(s.connector->find({}, asked).error().code == "plugin.bad_answer");
  times = 0;
  CHECK(s.connector->find({}, asked).error().code == "plugin.bad_answer");
  outcome = CERTSPAN_REJECTED;
  CHECK_FALSE(s.connector->find({}, asked).value().has_value());
  outcome = CERTSPAN_UNAVAILABLE;
  CHECK(s.connector->find({}, asked).error().outcome == Outcome::Unavailable);
}

TEST_CASE("a CRL, a next CA and a status are one value, or none, or not now") {
  Started s;
  certspan_outcome outcome = CERTSPAN_OK;
  int times = 1;
  Bytes value = {0x30, 0x00};
  const auto give = [&](const certspan_bytes_sink& sink) {
    for (int i = 0; i < times; ++i) sink.put(sink.context, {value.data(), value.size()});
    return outcome;
  };
  Bytes asked;
  std::vector<std::uint32_t> parts;
  s.fake.crl = [&](const certspan_crl_request& request, const certspan_bytes_sink& sink) {
    asked = copy_of(from_abi(request.authority_key_id));
    parts = {request.flags, request.partition, request.partitions};
    return give(sink);
  };
  s.fake.next_ca = give;
  s.fake.status = [&](const certspan_status_request& request, const certspan_bytes_sink& sink) {
    asked = copy_of(from_abi(request.cert_id));
    return give(sink);
  };
  const Bytes key_id = {7, 8};
  CHECK(s.connector->crl({.authority_key_id = key_id, .delta = true, .partition = 2, .partitions = 4})
            .value()
            .value() == value);
  CHECK(asked == key_id);
  CHECK(parts == std::vector<std::uint32_t>{CERTSPAN_CRL_DELTA, 2, 4});
  CHECK(s.connector->next_ca().value().value() == value);
  const Bytes cert_id = {9};
  CHECK(s.connector->status(cert_id).value().value() == value);
  CHECK(asked == cert_id);

  for (const int wrong : {0, 2}) {
    times = wrong;
    CHECK(s.connector->crl({}).error().code == "plugin.bad_answer");
    CHECK(s.connector->next_ca().error().code == "plugin.bad_answer");
    CHECK(s.connector->status({}).error().code == "plugin.bad_answer");
  }
  times = 1;
  value.resize(abi_limit::kCrl + 1);
  CHECK(s.connector->crl({}).error().code == "plugin.bad_answer");
  outcome = CERTSPAN_REJECTED;
  CHECK_FALSE(s.connector->crl({}).value().has_value());
  CHECK_FALSE(s.connector->next_ca().value().has_value());
  CHECK_FALSE(s.connector->status({}).value().has_value());
  outcome = CERTSPAN_UNAVAILABLE;
  CHECK(s.connector->crl({}).error().outcome == Outcome::Unavailable);
  s.connector->stop();
  CHECK(s.connector->next_ca().error().code == "connector.not_started");
}

TEST_CASE("the fence sees issuer, chain and certificate") {
  Started s;
  s.answer_with(plain_answer(CERTSPAN_OK));
  const std::vector<Bytes> chain = {{1}, {2, 3}};
  const Bytes certificate = {4, 5};
  s.fake.issued = [&](const certspan_issued& issued) {
    CHECK(issued.struct_size == sizeof(certspan_issued));
    CHECK(from_abi(issued.issuer) == "corp-ca-2");
    CHECK(equal(from_abi(issued.certificate), certificate));
    REQUIRE(issued.chain_count == 2);
    CHECK(equal(from_abi(issued.chain[1]), chain[1]));
  };
  CHECK(s.connector->after_issue(s.item, {}, {"corp-ca-2", certificate, chain}).ok());
}

TEST_CASE("a source handles requests while its intake is open and replies until it is stopped") {
  Started s;
  std::string told;
  s.fake.reply = [&](const certspan_reply& reply, certspan_bytes_view context) {
    told = std::string(from_abi(reply.id)) + " " + std::to_string(reply.outcome) + " " +
           std::to_string(reply.chain_count) + " " + std::string(as_text(from_abi(context)));
  };
  const std::vector<Bytes> chain = {{1}};
  const ReplyView reply{Outcome::Rejected, "w-1", "T1", "policy.no", {}, chain};
  Connector& c = *s.connector;
  CHECK_FALSE(c.handle({}, nullptr));
  REQUIRE(c.open_intake().ok());
  CHECK(c.handle({}, nullptr));
  CHECK(c.reply(reply, as_bytes("nonce"), nullptr));
  CHECK(told == "w-1 4 1 nonce");
  c.close_intake();
  CHECK_FALSE(c.handle({}, nullptr));
  REQUIRE(c.drain({}) == Outcome::Ok);
  CHECK(c.reply(reply, {}, nullptr));
  c.stop();
  CHECK_FALSE(c.reply(reply, {}, nullptr));
  CHECK(s.fake.calls == Calls{"open_intake", "handle", "reply", "close_intake", "drain", "reply", "stop"});
}

TEST_CASE("actions run by name, offline only where they say so") {
  Started s;
  s.fake.action = [](certspan_string_view arguments, const certspan_bytes_sink& result,
                     const certspan_fault_sink& faults) {
    if (from_abi(arguments) == "bad") {
      faults.add(faults.context, to_abi("/name"), to_abi("is missing"));
      return CERTSPAN_INVALID;
    }
    result.put(result.context, to_abi(as_bytes(R"({"challenge": "x"})")));
    return CERTSPAN_OK;
  };
  CHECK(actions_of(s.fake.type()).size() == 2);
  const ActionResult made = s.connector->run_action("challenge_new", "{}");
  CHECK(made.report.ok());
  CHECK(made.json == R"({"challenge": "x"})");
  CHECK(s.connector->run_action("challenge_new", "bad").report.text() == "/name: is missing");
  CHECK(s.connector->run_action("challenge", "{}").report.outcome == Outcome::Unsupported);

  CHECK(run_offline_action(s.fake.type(), "init", "{}").report.ok());
  CHECK_THAT(run_offline_action(s.fake.type(), "challenge_new", "{}").report.text(),
             Contains("needs a running connector"));
  CHECK(s.fake.calls == Calls{"action challenge_new", "action challenge_new", "offline init"});
}

TEST_CASE("an action that prints too much is refused") {
  Started s;
  s.fake.action = [](certspan_string_view, const certspan_bytes_sink& result, const certspan_fault_sink&) {
    const Bytes large(abi_limit::kActionResult + 1, ' ');
    result.put(result.context, to_abi(BytesView(large)));
    return CERTSPAN_OK;
  };
  const ActionResult made = s.connector->run_action("init", "{}");
  CHECK(made.report.outcome == Outcome::Internal);
  CHECK(made.json.empty());
}

TEST_CASE("ping says how the CA is") {
  Started s;
  CHECK(s.connector->ping().ok());
  s.fake.ping = [](const certspan_fault_sink& sink) {
    sink.add(sink.context, to_abi(""), to_abi("certificate of the CA ends in 3 days"));
    return CERTSPAN_UNAVAILABLE;
  };
  CHECK(s.connector->ping().text() == "certificate of the CA ends in 3 days");
}

}  // namespace
}  // namespace certspan
