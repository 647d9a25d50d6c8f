#include <catch2/catch.hpp>

#include <certspan/host.hpp>
#include <certspan/testing/fake_host.hpp>

namespace certspan::sdk {
namespace {

using testing::FakeHost;
using testing::HttpOutScript;
using testing::RecordedHttpOut;

HttpOutReply order(const Host& host) {
  return host.http_out().send({.method = "POST",
                               .url = "https://ca.example/order",
                               .fields = {{"Authorization", "Bearer ", "token-1"}},
                               .body = bytes_of("csr")});
}

TEST_CASE("a request reaches the outside as it was made, and its answer comes back") {
  FakeHost fake;
  fake.http_out.world = [](const RecordedHttpOut&) {
    return HttpOutScript::answer(201, "certificate", {{"location", "/orders/7"}});
  };
  const HttpOutReply reply = order(Host(fake.c_host()));
  REQUIRE(reply.answered());
  CHECK(reply.status == 201);
  CHECK(text_of(reply.body) == "certificate");
  CHECK(reply.field("location") == "/orders/7");
  CHECK(reply.field("retry-after").empty());
  const RecordedHttpOut seen = fake.http_out.requests().at(0);
  CHECK(seen.method == "POST");
  CHECK(seen.url == "https://ca.example/order");
  CHECK(seen.fields.at(0).token == "token-1");
  CHECK(text_of(seen.body) == "csr");
}

TEST_CASE("an order that did not leave is unavailable, one that was lost is unknown") {
  FakeHost fake;
  const Host host(fake.c_host());
  fake.http_out.world = [](const RecordedHttpOut&) { return HttpOutScript::refused(); };
  CHECK(order(host).to_answer("acme.down").outcome() == Outcome::Unavailable);
  CHECK_FALSE(fake.http_out.may_have_been_done());
  fake.http_out.world = [](const RecordedHttpOut&) { return HttpOutScript::broken(); };
  CHECK(order(host).to_answer("acme.down").outcome() == Outcome::Unknown);
  CHECK(fake.http_out.may_have_been_done());
}

TEST_CASE("only an answer that the CA wrote closes an order") {
  FakeHost fake;
  const Host host(fake.c_host());
  fake.http_out.world = [](const RecordedHttpOut&) { return HttpOutScript::answer(503); };
  const HttpOutReply reply = order(host);
  CHECK(fake.http_out.may_have_been_done());
  CHECK(host.http_out().answered_by_ca(reply));
  CHECK_FALSE(fake.http_out.may_have_been_done());
  CHECK_FALSE(host.http_out().answered_by_ca(reply));
}

TEST_CASE("a question leaves nothing open") {
  FakeHost fake;
  fake.http_out.world = [](const RecordedHttpOut&) { return HttpOutScript::silent(); };
  const HttpOutReply reply =
      Host(fake.c_host()).http_out().send({.url = "https://ca.example/nonce", .asks_only = true});
  CHECK(reply.end == HttpOutEnd::Lost);
  CHECK(reply.failure == CERTSPAN_HTTP_OUT_NO_TIME);
  CHECK_FALSE(fake.http_out.may_have_been_done());
}

TEST_CASE("on a host without the service nothing is sent") {
  FakeHost fake;
  fake.withhold_all();
  const HttpOutReply reply = order(Host(fake.c_host()));
  CHECK(reply.end == HttpOutEnd::NotSent);
  CHECK_FALSE(reply.message.empty());
}

}  // namespace
}  // namespace certspan::sdk
