#include "host/services/http/http_server.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/host/services/http/server_fixture.hpp"

namespace certspan::test {
namespace {

TEST_CASE("a POST reaches the handler whole and its answer reaches the client with bare headers") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client = fixture.client();
  REQUIRE(
      client.send("POST /scep/pkiclient.exe?operation=PKIOperation HTTP/1.1\r\nHost: a\r\n"
                  "Content-Type: application/x-pki-message\r\nContent-Length: 5\r\n\r\nhello"));
  const auto response = client.response();
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "POST /scep/pkiclient.exe?operation=PKIOperation application/x-pki-message:hello");
  CHECK(response->field("content-type") == "application/x-pki-message");
  CHECK(response->field("content-length") == std::to_string(response->body.size()));
  CHECK(response->fields.contains("date"));
  CHECK_FALSE(response->fields.contains("transfer-encoding"));
  CHECK_FALSE(response->fields.contains("server"));
  CHECK_FALSE(response->fields.contains("connection"));
}

TEST_CASE("the handler learns who asks and on which listener") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  REQUIRE(taken.exchange);
  CHECK(taken.request.listener == "web");
  CHECK(taken.request.remote_address.starts_with("127.0.0.1:"));
  CHECK_FALSE(taken.request.tls);
  CHECK(taken.request.content_type.empty());
  taken.exchange->respond({.status = 204});
  const auto response = client.response();
  REQUIRE(response);
  CHECK(response->status == 204);
  CHECK_FALSE(response->fields.contains("content-length"));
}

TEST_CASE("the field Authorization reaches a route that asks for it, and no other") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/open", inbox.handler());
  fixture.route("/closed", inbox.handler(), kTakesAuthorization);
  for (const std::string path : {"/open", "/closed"}) {
    RawClient client = fixture.client();
    REQUIRE(client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nauthorization:  Basic YTpi \r\n\r\n"));
    const Taken taken = inbox.take();
    REQUIRE(taken.exchange);
    CHECK(as_text(taken.request.authorization.reveal()) == (path == "/closed" ? "Basic YTpi" : ""));
    taken.exchange->respond({.status = 204});
    CHECK(client.response());
  }
}

TEST_CASE("a response's own fields are sent as they are, and those that would break it make it a 500") {
  struct Case {
    unsigned status;
    std::vector<std::pair<std::string, std::string>> fields;
  };
  for (const Case& c : {
           Case{401, {{"WWW-Authenticate", "Basic realm=\"x\""}, {"Cache-Control", "no-store"}}},
           Case{500, {{"X", "a\r\nSet-Cookie: b"}}},
           Case{500, {{"X\r\nY", "a"}}},
           Case{500, {{"", "a"}}},
           Case{500, {{"Content-length", "0"}}},
           Case{500, {{"CONNECTION", "close"}}},
           Case{500, {{"Transfer-Encoding", "chunked"}}},
       }) {
    ServerFixture fixture;
    fixture.route("/", [&](HttpRequest, const HttpExchangePtr& exchange) {
      exchange->respond({.status = 401, .body = bytes_of("no"), .fields = c.fields});
    });
    RawClient client = fixture.client();
    REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto response = client.response();
    REQUIRE(response);
    CHECK(response->status == c.status);
    CHECK_FALSE(response->fields.contains("set-cookie"));
    if (c.status != 401) continue;
    CHECK(response->field("www-authenticate") == "Basic realm=\"x\"");
    CHECK(response->field("cache-control") == "no-store");
    CHECK(response->body == "no");
  }
}

TEST_CASE("an exchange is answered once, from any thread") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  REQUIRE(taken.exchange);
  CHECK(fixture.server.in_flight() == 1);
  bool first = false;
  std::thread([&] { first = taken.exchange->respond({.status = 200, .body = bytes_of("first")}); }).join();
  CHECK(first);
  CHECK_FALSE(taken.exchange->respond({.status = 200, .body = bytes_of("second")}));
  CHECK(client.response()->body == "first");
  CHECK(fixture.server.in_flight() == 0);
}

TEST_CASE("an exchange that nobody answers becomes 503 with Retry-After") {
  ServerFixture fixture;
  fixture.route("/", [](HttpRequest, HttpExchangePtr) {});
  RawClient client = fixture.client();
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto response = client.response();
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(response->field("retry-after") == "10");
  CHECK(fixture.server.in_flight() == 0);
}

TEST_CASE("a handler that throws costs one 503 and not the server") {
  ServerFixture fixture;
  fixture.route("/bad", [](HttpRequest, HttpExchangePtr) { throw std::runtime_error("fault"); });
  fixture.route("/good", echo);
  RawClient client = fixture.client();
  REQUIRE(client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.response()->status == 503);
  REQUIRE(client.send("GET /good HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.response()->status == 200);
}

TEST_CASE("requests sent back to back are answered one at a time and in order") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"));
  for (int i = 1; i <= 3; ++i) {
    const Taken taken = inbox.take();
    REQUIRE(taken.exchange);
    CHECK(taken.request.path == "/" + std::to_string(i));
    CHECK(inbox.size() == 0);  // the next one waits for this answer
    taken.exchange->respond({.status = 200, .body = bytes_of(taken.request.path)});
    CHECK(client.response()->body == "/" + std::to_string(i));
  }
}

TEST_CASE("HTTP/1.0 works without Host, and keeps the connection only when asked to") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client = fixture.client();
  REQUIRE(client.send("GET /scep?operation=GetCACaps HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  auto response = client.response();
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->field("connection") == "keep-alive");
  REQUIRE(client.send("GET /scep HTTP/1.0\r\n\r\n"));
  response = client.response();
  REQUIRE(response);
  CHECK(response->field("connection") == "close");
  CHECK(client.ends());
}

TEST_CASE("HEAD gets the length of a body that is not sent") {
  ServerFixture fixture;
  fixture.route("/", echo);
  RawClient client = fixture.client();
  REQUIRE(client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto head = client.response(false);
  REQUIRE(head);
  CHECK(head->field("content-length") == "10");
  CHECK(client.response()->body == "GET /b? :");
}

TEST_CASE("Expect: 100-continue is answered before the body is sent") {
  ServerFixture fixture;
  fixture.route("/", echo);
  RawClient client = fixture.client();
  REQUIRE(client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  REQUIRE(client.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(client.send("ok"));
  CHECK(client.response()->body == "POST /? :ok");
}

TEST_CASE("chunked bodies arrive joined, whatever their extensions and trailers") {
  ServerFixture fixture;
  fixture.route("/", echo);
  RawClient client = fixture.client();
  REQUIRE(
      client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2;name=value\r\nhe\r\n3\r\nllo\r\n0\r\nContent-Type: text/evil\r\n\r\n"
                  "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.response()->body == "POST /? :hello");
  CHECK(client.response()->body == "GET /next? :");
}

TEST_CASE("a client that hangs up is seen by whoever holds its exchange") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  REQUIRE(taken.exchange);
  CHECK_FALSE(taken.exchange->closed());
  client.close();
  CHECK(fixture.eventually([&](const auto&) { return taken.exchange->closed(); }));
  CHECK(taken.exchange->respond({.status = 200}));
  CHECK(fixture.eventually([](const auto& status) { return status.open == 0; }));
}

TEST_CASE("a client that only ends its own half still gets its answer") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  REQUIRE(taken.exchange);
  client.half_close();
  CHECK(fixture.eventually([&](const auto&) { return taken.exchange->closed(); }));
  taken.exchange->respond({.status = 200, .body = bytes_of("late")});
  CHECK(client.response()->body == "late");
  CHECK(client.ends());
}

TEST_CASE("an answer given after the server is gone does no harm") {
  Inbox inbox;
  HttpExchangePtr late;
  {
    ServerFixture fixture;
    fixture.route("/", inbox.handler());
    RawClient client = fixture.client();
    REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    late = inbox.take().exchange;
    REQUIRE(late);
  }
  CHECK(late->closed());
  CHECK(late->respond({.status = 200}));
}

TEST_CASE("a plugin's impossible answer becomes an empty 500") {
  ServerFixture fixture;
  fixture.route("/status", [](HttpRequest, HttpExchangePtr exchange) { exchange->respond({.status = 99}); });
  fixture.route("/type", [](HttpRequest, HttpExchangePtr exchange) {
    exchange->respond({.status = 200, .content_type = "text/plain\r\nSet-Cookie: a", .body = bytes_of("x")});
  });
  for (const std::string path : {"/status", "/type"}) {
    RawClient client = fixture.client();
    REQUIRE(client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto response = client.response();
    REQUIRE(response);
    CHECK(response->status == 500);
    CHECK(response->body.empty());
    CHECK_FALSE(response->fields.contains("set-cookie"));
  }
}

TEST_CASE("listeners are refused for a bad address, a taken name or a taken port, before anything starts") {
  HttpServer server;
  for (const std::string bad : {"", "no name"}) {
    const auto added = server.add_listener({.name = "web", .host = bad});
    REQUIRE_FALSE(added);
    CHECK(added.error().code == "http.bad_address");
    CHECK(added.error().message.find("\"web\"") != std::string::npos);
  }
  REQUIRE(server.add_listener({.name = "web", .host = "127.0.0.1"}));
  const auto twice = server.add_listener({.name = "web", .host = "127.0.0.1"});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == "http.listener_exists");
  const std::uint16_t taken = server.bound_port("web").value();
  const auto second = server.add_listener({.name = "other", .host = "127.0.0.1", .port = taken});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == "http.cannot_listen");
  CHECK(second.error().message.find("127.0.0.1:" + std::to_string(taken)) != std::string::npos);
  CHECK_FALSE(server.bound_port("other"));
  CHECK(server.status().front().address == "127.0.0.1:" + std::to_string(taken));
}

TEST_CASE("a listener can be named by a name of this machine") {
  HttpServer server;
  REQUIRE(server.add_listener({.name = "web", .host = "localhost"}));
  CHECK(server.bound_port("web").value() != 0);
}

TEST_CASE("a server that was never started stops, and twice") {
  HttpServer server;
  REQUIRE(server.add_listener({.name = "web", .host = "127.0.0.1"}));
  server.stop();
  server.stop();
}

TEST_CASE("several io threads serve several listeners") {
  HttpServer server({.io_threads = 3});
  for (const std::string name : {"a", "b"}) {
    REQUIRE(server.add_listener({.name = name, .host = "127.0.0.1"}));
    REQUIRE(server.add_route({.listener = name, .path = "/" + name, .owner = "test"}, echo));
  }
  REQUIRE(server.start());
  for (int round = 0; round < 8; ++round) {
    for (const std::string name : {"a", "b"}) {
      RawClient client(server.bound_port(name).value());
      REQUIRE(client.send("GET /" + name + " HTTP/1.1\r\nHost: a\r\n\r\n"));
      CHECK(client.response()->body == "GET /" + name + "? :");
      REQUIRE(client.send("GET /" + std::string(name == "a" ? "b" : "a") + " HTTP/1.1\r\nHost: a\r\n\r\n"));
      CHECK(client.response()->status == 404);
    }
  }
}

}  // namespace
}  // namespace certspan::test
