#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/host/services/http_out/outside_world.hpp"

namespace certspan {
namespace {

using Catch::Matchers::Contains;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::line;
using test::OutsideWorld;
using test::request_to;
using Seen = std::vector<std::string>;

OutsideWorld& world() {
  static OutsideWorld one;
  return one;
}

OutgoingResult post(CurlClient& client, const std::string& path) {
  return client.send("corp-ca", request_to(world().at("plain") + path, "POST", "order"));
}

std::string field(const OutgoingResult& result, std::string_view name) {
  for (const auto& [key, value] : result.fields) {
    if (key == name) return value;
  }
  return "-";
}

TEST_CASE("a whole answer comes back with status, fields and body") {
  CurlClient client({});
  const OutgoingResult result = post(client, "/echo");
  CHECK(result.failure == OutgoingFailure::None);
  CHECK(result.left);
  CHECK(result.status == 200);
  CHECK(as_text(result.body) == "order");
  CHECK(field(result, "content-length") == "5");
  const OutgoingResult busy = post(client, "/status/502");
  CHECK(busy.failure == OutgoingFailure::None);
  CHECK(busy.status == 502);
  CHECK(field(busy, "retry-after") == "7");
}

TEST_CASE("methods, header fields and empty bodies arrive as they were given") {
  CurlClient client({});
  world().seen();
  OutgoingRequest request = request_to(world().at("plain") + "/ok?a=b", "PUT");
  request.lines.push_back(line("Authorization: Bearer abc"));
  request.lines.push_back(line("X-Empty;"));
  CHECK(client.send("corp-ca", request).status == 200);
  CHECK(client.send("corp-ca", request_to(world().at("plain") + "/ok", "DELETE")).status == 200);
  const OutgoingResult head = client.send("corp-ca", request_to(world().at("plain") + "/ok", "HEAD"));
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  const auto record = world().record();
  CHECK(record.at("seen") == Seen{"PUT /ok?a=b 0", "DELETE /ok 0", "HEAD /ok 0"});
  const auto lines = record.at("heads").at(0).get<Seen>();
  CHECK(std::ranges::count(lines, "Authorization: Bearer abc") == 1);
  CHECK(std::ranges::count(lines, "X-Empty:") == 1);
  CHECK(std::ranges::none_of(lines, [](const std::string& one) { return one.starts_with("Content-Type"); }));
}

TEST_CASE("nothing has left when there is no name, no connection or no such URL") {
  CurlClient client({});
  const OutgoingResult refused = client.send("a", request_to(world().at("refused") + "/ok", "POST", "order"));
  CHECK(refused.failure == OutgoingFailure::NoConnection);
  CHECK_FALSE(refused.left);
  CHECK_THAT(refused.message, Contains(world().at("refused")));
  const OutgoingResult unnamed =
      client.send("a", request_to("http://no-such-name.invalid/", "POST", "order"));
  CHECK(unnamed.failure == OutgoingFailure::NoName);
  CHECK_FALSE(unnamed.left);
  for (const char* url : {"ftp://127.0.0.1/", "file:///etc/passwd", "http://me:pw@127.0.0.1/", "http://", "x",
                          "http://127.0.0.1/#top"}) {
    INFO(url);
    const OutgoingResult result = client.send("a", request_to(url));
    CHECK(result.failure == OutgoingFailure::BadRequest);
    CHECK_FALSE(result.left);
    CHECK(result.message.find("pw") == std::string::npos);
  }
}

TEST_CASE("nothing has left when TLS does not come about") {
  CurlClient client({});
  const Bytes ca = world().file("ca.pem");
  const Bytes other = world().file("other.pem");
  const auto refuses = [&](const std::string& url, BytesView trust) {
    INFO(url);
    OutgoingRequest request = request_to(url, "POST", "order");
    request.trust = trust;
    const OutgoingResult result = client.send("a", request);
    CHECK(result.failure == OutgoingFailure::NoTls);
    CHECK_FALSE(result.left);
  };
  world().seen();
  refuses(world().at("no_tls") + "/ok", ca);   // reset in the handshake
  refuses(world().at("tls") + "/ok", other);   // another CA's
  refuses(world().at("tls") + "/ok", {});      // none of the machine's
  refuses(world().at("old_tls") + "/ok", ca);  // TLS 1.1
  std::string wrong_name = world().at("tls");
  refuses(wrong_name.replace(8, 9, "127.0.0.1") + "/ok", ca);  // a name that is not in the certificate
  CHECK(world().seen() == Seen{});
  OutgoingRequest good = request_to(world().at("tls") + "/echo", "POST", "order");
  good.trust = ca;
  CHECK(as_text(client.send("a", good).body) == "order");
}

TEST_CASE("a client certificate is shown to a server that asks for one") {
  CurlClient client({});
  const Bytes ca = world().file("ca.pem");
  const Bytes certificate = world().file("client.pem");
  OutgoingRequest request = request_to(world().at("mutual") + "/echo", "POST", "order");
  request.trust = ca;
  // TLS 1.3: the server refuses after the request is on its way, so nothing is certain.
  CHECK(client.send("a", request).failure != OutgoingFailure::None);
  request.certificate = certificate;
  request.key = Secret(world().file("client.key"));
  const OutgoingResult result = client.send("a", request);
  CHECK(result.status == 200);
  CHECK(as_text(result.body) == "order");
}

TEST_CASE("a connection that breaks after the head or the body leaves it open what was done") {
  CurlClient client({});
  for (const char* path : {"/reset-after-head", "/reset-after-body", "/close-after-body", "/half"}) {
    INFO(path);
    const OutgoingResult result = post(client, path);
    CHECK(result.failure == OutgoingFailure::Broken);
    CHECK(result.left);
    CHECK(result.body.empty());
    CHECK(result.status == 0);
  }
  CHECK(post(client, "/garbage").failure == OutgoingFailure::NoHttp);
}

TEST_CASE("a slow answer ends at the deadline, and the request has left") {
  CurlClient client({});
  OutgoingRequest request = request_to(world().at("plain") + "/slow", "POST", "order");
  const auto start = steady_clock::now();
  request.deadline = start + milliseconds(300);
  const OutgoingResult result = client.send("a", request);
  CHECK(result.failure == OutgoingFailure::NoTime);
  CHECK(result.left);
  CHECK(steady_clock::now() - start < seconds(2));
  request.deadline = start;
  const OutgoingResult late = client.send("a", request);
  CHECK(late.failure == OutgoingFailure::NoTime);
  CHECK_FALSE(late.left);
}

TEST_CASE("an answer over the limit is none") {
  CurlClient client({});
  OutgoingRequest request = request_to(world().at("plain") + "/large", "POST", "order");
  request.max_answer = 5000;
  CHECK(client.send("a", request).body.size() == 5000);
  request.max_answer = 4999;
  const OutgoingResult result = client.send("a", request);
  CHECK(result.failure == OutgoingFailure::TooLarge);
  CHECK(result.left);
  CHECK(post(client, "/large-head").failure == OutgoingFailure::TooLarge);
}

TEST_CASE("redirects are answers, and interim answers are not") {
  CurlClient client({});
  world().seen();
  const OutgoingResult redirect = post(client, "/redirect");
  CHECK(redirect.status == 302);
  CHECK(field(redirect, "location") == "/ok");
  const OutgoingResult interim = post(client, "/interim");
  CHECK(interim.status == 200);
  CHECK(field(interim, "link") == "-");
  CHECK(world().seen() == Seen{"POST /redirect 5", "POST /interim 5"});
}

TEST_CASE("a connection is kept for the same connector and for no other") {
  CurlClient client({});
  const auto count = [&](std::string_view connector) {
    return field(client.send(connector, request_to(world().at("plain") + "/ok")), "x-count");
  };
  CHECK(count("corp-ca") == "0");
  CHECK(count("corp-ca") == "1");
  CHECK(count("corp-ca-2") == "0");
  CHECK(count("corp-ca") == "2");
}

TEST_CASE("an order on a kept connection that breaks is not sent again by itself, a question is") {
  CurlClient client({});
  world().seen();
  CHECK(post(client, "/ok").status == 200);
  const OutgoingResult result = post(client, "/second-time-never");
  CHECK(result.failure == OutgoingFailure::Broken);
  CHECK(result.left);
  CHECK(world().seen() == Seen{"POST /ok 5", "POST /second-time-never 5"});

  CHECK(post(client, "/ok").status == 200);
  OutgoingRequest question = request_to(world().at("plain") + "/second-time-never");
  question.asks_only = true;
  CHECK(client.send("corp-ca", question).status == 200);
  CHECK(world().seen() == Seen{"POST /ok 5", "GET /second-time-never 0", "GET /second-time-never 0"});
}

TEST_CASE("a proxy that refuses the tunnel saw nothing of the request; what it relays has left") {
  CurlClient client({.proxy = world().at("proxy"), .no_proxy = {}});
  world().seen();
  const OutgoingResult refused = client.send("a", request_to("https://ca.example:1/ok", "POST", "order"));
  CHECK(refused.failure == OutgoingFailure::NoConnection);
  CHECK_FALSE(refused.left);
  const Bytes ca = world().file("ca.pem");
  OutgoingRequest through = request_to(world().at("tls") + "/echo", "POST", "order");
  through.trust = ca;
  const OutgoingResult result = client.send("a", through);
  CHECK(as_text(result.body) == "order");
  const OutgoingResult relayed = client.send("a", request_to("http://ca.example/ok", "POST", "order"));
  CHECK(relayed.status == 502);
  CHECK(relayed.left);
  CHECK(world().seen() == Seen{"proxy CONNECT ca.example:1", "proxy CONNECT " + world().at("tls").substr(8),
                               "POST /echo 5", "proxy POST http://ca.example/ok"});
}

TEST_CASE("a host of no_proxy is asked directly, and the environment's proxy never") {
  setenv("http_proxy", world().at("refused").c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  CurlClient direct({});
  CHECK(post(direct, "/ok").status == 200);
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  CurlClient client({.proxy = world().at("refused"), .no_proxy = {"127.0.0.1"}});
  CHECK(post(client, "/ok").status == 200);
  CHECK_FALSE(client.send("a", request_to("http://localhost/ok")).left);
}

}  // namespace
}  // namespace certspan
