#include <catch2/catch.hpp>

#include <string>

#include <certspan/testing/connector_under_test.hpp>

#include "tests/sdk/toy_connectors.hpp"

namespace certspan::sdk {
namespace {

using testing::ConnectorUnderTest;
using testing::FakeExchange;
using testing::FakeHost;
using testing::FakeItem;

const certspan_connector_type& kType = ConnectorType<ToySource>::kTable;

void send(ConnectorUnderTest& source, std::string_view path, FakeExchange& exchange) {
  const certspan_http_request request = {
      .struct_size = sizeof(certspan_http_request),
      .flags = 0,
      .method = to_abi("POST"),
      .path = to_abi(path),
      .query = to_abi(""),
      .content_type = to_abi(""),
      .remote_address = to_abi("192.0.2.1:40000"),
      .body = to_abi(bytes_of("body")),
      .authorization = {},
  };
  source.source().handle(source.instance(), &request, exchange.c_exchange());
}

TEST_CASE("open_intake registers routes, and says which setting is at fault if it may not") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  source.open_intake();
  REQUIRE(host.routes.size() == 1);
  CHECK(host.routes[0].listener == "web");
  CHECK(host.routes[0].path == "/scep");
  CHECK(host.routes[0].max_body == 1024);

  host.granted_routes = {{"web", "/other"}};
  CHECK_THROWS_WITH(source.open_intake(), "open_intake failed: the route is not granted");
}

TEST_CASE("a submission hands over key, labels and reply context") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  FakeExchange exchange;
  send(source, "/scep", exchange);
  REQUIRE(exchange.submitted.has_value());
  CHECK(text_of(exchange.submitted->key) == "body");
  CHECK(exchange.submitted->message == "renewal");
  CHECK(exchange.submitted->transaction_id == "T7");
  CHECK(exchange.submitted->labels.at(0).value == "wifi");
  CHECK(text_of(exchange.submitted->reply_context) == "context");
  CHECK(exchange.endings == 1);
}

TEST_CASE("a poll hands over its key and context") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  FakeExchange exchange;
  send(source, "/poll", exchange);
  REQUIRE(exchange.polled.has_value());
  CHECK(text_of(exchange.polled->poll_key) == "body");
  CHECK(exchange.polled->transaction_id == "T7");
  CHECK(exchange.endings == 1);
}

TEST_CASE("an exchange ends once, however often the plugin ends it") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  FakeExchange exchange;
  send(source, "/twice", exchange);
  CHECK(exchange.endings == 1);
  CHECK(exchange.response->status == 200);
}

TEST_CASE("an exchange that the plugin forgets or drops by throwing is answered 500") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  FakeExchange forgotten;
  send(source, "/forget", forgotten);
  REQUIRE(forgotten.response.has_value());
  CHECK(forgotten.response->status == 500);

  FakeExchange dropped;
  send(source, "/throw", dropped);
  REQUIRE(dropped.response.has_value());
  CHECK(dropped.response->status == 500);
  CHECK(dropped.endings == 1);
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].fields.at(0).value == "cannot read this");
}

TEST_CASE("a reply reads outcome, chain and the context that was submitted") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  const certspan_bytes_view chain[] = {to_abi(bytes_of("issuing CA"))};
  certspan_reply reply = {};
  reply.struct_size = sizeof(reply);
  reply.outcome = CERTSPAN_OK;
  reply.chain = chain;
  reply.chain_count = 1;
  FakeExchange exchange;
  source.source().reply(source.instance(), &reply, to_abi(bytes_of("nonce")), exchange.c_exchange());
  REQUIRE(exchange.response.has_value());
  CHECK(text_of(exchange.response->body) == "nonce issuing CA");
  CHECK(exchange.response->content_type == "text/plain");

  reply.outcome = 77;
  FakeExchange odd;
  source.source().reply(source.instance(), &reply, {}, odd.c_exchange());
  CHECK(odd.response->status == 500);
}

TEST_CASE("a source on a host without submit answers 503") {
  FakeHost host;
  host.withhold(CERTSPAN_SERVICE_SUBMIT);
  ConnectorUnderTest source(kType, host, "{}");
  for (const char* path : {"/scep", "/poll"}) {
    FakeExchange exchange;
    send(source, path, exchange);
    CHECK(exchange.endings == 1);
    CHECK(exchange.response->status == 503);
  }
}

TEST_CASE("a validator reads the item and answers with labels") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  FakeItem item;
  CHECK(source.validate(item).outcome == Outcome::Rejected);
  CHECK(source.validate(item).code == "toy.new");
  item.message = "renewal";
  item.labels = {{"user", "ann"}, {"device", "phone 7"}};
  CHECK(source.validate(item).label("device") == "phone 7");
}

TEST_CASE("a processor sees the CA group before and the certificate after") {
  FakeHost host;
  ConnectorUnderTest source(kType, host, "{}");
  const auto& processor = source.role<certspan_role_processor>(CERTSPAN_ROLE_PROCESSOR);
  FakeItem item;
  item.request = {1, 2};
  const certspan_item view = item.view();
  certspan_issued issued = {};
  issued.struct_size = sizeof(issued);

  testing::AnswerRecorder before;
  processor.before_issue(source.instance(), &view, &issued, before.sink());
  CHECK(before.only().outcome == Outcome::Unsupported);

  issued.certificate = to_abi(item.request);
  testing::AnswerRecorder after;
  processor.after_issue(source.instance(), &view, &issued, after.sink());
  CHECK(after.only().outcome == Outcome::Ok);
}

}  // namespace
}  // namespace certspan::sdk
