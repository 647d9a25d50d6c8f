// What strangers send: each gets its status and an end, and the next client is served.
#include <catch2/catch.hpp>

#include "tests/host/services/http/server_fixture.hpp"

namespace certspan::test {
namespace {

using std::chrono::milliseconds;

bool still_serves(const ServerFixture& fixture) {
  RawClient client = fixture.client();
  return client.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n") && client.response().has_value();
}

TEST_CASE("what is no request gets a status and the end of its connection") {
  using namespace std::string_literals;
  ServerFixture fixture;
  fixture.route("/scep", echo, kLongRequestLine, 1'000);
  struct Case {
    unsigned status;
    std::string bytes;
  };
  for (const Case& c : {
           Case{400, "nonsense\r\n\r\n"},
           Case{400, "GET /scep HTTP/1.1\r\n\r\n"},
           Case{400, "GET /sc\0ep HTTP/1.1\r\nHost: a\r\n\r\n"s},
           Case{400, "GET /scep HTTP/1.1\nHost: a\n\n"},
           Case{400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
           Case{400, "GET scep HTTP/1.1\r\nHost: a\r\n\r\n"},
           Case{400, "POST /scep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n"},
           Case{400,
                "POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n"},
           Case{404, "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"},
           Case{413, "POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"},
           Case{413, "POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"},
           Case{413,
                "POST /scep HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n"},
           Case{413, "POST /scep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"},
           Case{414, "GET /scep?" + std::string(65'534, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
           Case{414, "GET /other?" + std::string(8'192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
           Case{417, "POST /scep HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 5\r\n\r\n"},
           Case{431, "GET /scep HTTP/1.1\r\nHost: a\r\nX: " + std::string(32'768, 'a') + "\r\n\r\n"},
           Case{501, "BREW /scep HTTP/1.1\r\nHost: a\r\n\r\n"},
           Case{505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
       }) {
    CAPTURE(c.bytes.substr(0, 100));
    RawClient client = fixture.client();
    client.send(c.bytes);
    const auto response = client.response();
    REQUIRE(response);
    CHECK(response->status == c.status);
    CHECK(response->field("connection") == "close");
    CHECK(client.ends());
    CHECK(still_serves(fixture));
  }
  CHECK(fixture.status().responses_4xx == 17);
  CHECK(fixture.status().responses_5xx == 2);
}

TEST_CASE("an unknown path is 404 and the connection lives on") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client = fixture.client();
  for (const std::string target : {"/", "*", "/scepter", "http://host/elsewhere", "/%73cep"}) {
    REQUIRE(client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(client.response()->status == 404);
  }
  REQUIRE(client.send("GET http://host/scep?a=b HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.response()->body == "GET /scep?a=b :");
}

TEST_CASE("whole messages fit into a request line where the route says so") {
  ServerFixture fixture;
  fixture.route("/scep", echo, kLongRequestLine);
  RawClient client = fixture.client();
  const std::string message(40'000, 'a');
  for (int i = 0; i < 2; ++i) {
    REQUIRE(client.send("GET /scep?message=" + message + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto response = client.response();
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "GET /scep?message=" + message + " :");
  }
}

TEST_CASE("a refused upload can be sent to its end and its answer read") {
  ServerFixture fixture;
  fixture.route("/scep", echo, 0, 1'000);
  RawClient client = fixture.client();
  REQUIRE(client.send("POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n"));
  CHECK(client.send(std::string(4'000'000, 'x')));
  const auto response = client.response();
  REQUIRE(response);
  CHECK(response->status == 413);
}

TEST_CASE("a request that trickles in is ended by one time-out for all of its bytes") {
  ServerFixture fixture(
      {}, {.name = "web", .header_timeout = milliseconds(150), .body_timeout = milliseconds(150)});
  fixture.route("/scep", echo);
  RawClient head = fixture.client();
  REQUIRE(head.send("GET /scep HTTP/1.1\r\nX: "));
  RawClient body = fixture.client();
  REQUIRE(body.send("POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
  // The body may also take the time of 100 bytes at the slowest rate, which is none.
  for (RawClient* client : {&head, &body}) {
    client->patience = milliseconds(20);
    std::optional<RawResponse> response;
    for (int i = 0; i < 1'000 && !response && client->send("x"); ++i) response = client->response();
    client->patience = milliseconds(10'000);
    if (!response) response = client->response();
    REQUIRE(response);
    CHECK(response->status == 408);
  }
  CHECK(fixture.status().timed_out == 2);
  CHECK(still_serves(fixture));
}

TEST_CASE("a silent connection is closed without a word, before its first request and after") {
  ServerFixture fixture({}, {.name = "web", .idle_timeout = milliseconds(100)});
  fixture.route("/scep", echo);
  RawClient silent = fixture.client();
  RawClient served = fixture.client();
  REQUIRE(served.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(served.response()->status == 200);
  CHECK(silent.ends());
  CHECK(served.ends());
  CHECK(fixture.status().timed_out == 0);
}

TEST_CASE("a connection that waits for its answer is not idle") {
  ServerFixture fixture(
      {}, {.name = "web", .header_timeout = milliseconds(50), .idle_timeout = milliseconds(50)});
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient waiting = fixture.client();
  REQUIRE(waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  REQUIRE(taken.exchange);
  RawClient idle = fixture.client();
  CHECK(idle.ends());  // an idle time-out has passed
  taken.exchange->respond({.status = 200, .body = bytes_of("there")});
  CHECK(waiting.response()->body == "there");
}

TEST_CASE("requests cut off at every byte leave nothing behind") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  const std::string request =
      "POST /scep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    RawClient client = fixture.client();
    REQUIRE(client.send(request.substr(0, size)));
    if (size % 2 == 0) client.half_close();
    if (size % 2 == 0) CHECK(client.ends());
  }
  CHECK(fixture.eventually([](const auto& status) { return status.open == 0; }));
  CHECK(fixture.server.in_flight() == 0);
  CHECK(still_serves(fixture));
}

TEST_CASE("a client that does not read its answer is cut off, one that reads gets all of it") {
  constexpr std::size_t kSize = 31u << 20;  // more than the sockets' buffers take
  const auto answer = [](HttpRequest, HttpExchangePtr exchange) {
    exchange->respond({.status = 200, .body = Bytes(kSize)});
  };
  ServerFixture impatient({.write_timeout = milliseconds(100), .slowest_rate = kSize * 100});
  impatient.route("/big", answer);
  RawClient sleeper = impatient.client();
  REQUIRE(sleeper.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(impatient.eventually([](const auto& status) { return status.timed_out == 1; }));
  CHECK_FALSE(sleeper.response());

  ServerFixture patient;
  patient.route("/big", answer);
  RawClient reader = patient.client();
  REQUIRE(reader.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto response = reader.response();
  REQUIRE(response);
  CHECK(response->body.size() == kSize);
}

TEST_CASE("beyond the in-flight limit clients are told to come back, and bodies are not read") {
  ServerFixture fixture({.max_in_flight = 2, .retry_after_s = 7});
  Inbox inbox;
  fixture.route("/scep", inbox.handler());
  RawClient first = fixture.client();
  RawClient second = fixture.client();
  REQUIRE(first.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n"));
  REQUIRE(second.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken one = inbox.take();
  const Taken two = inbox.take();
  RawClient third = fixture.client();
  REQUIRE(third.send("POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n"));
  const auto refused = third.response();
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->field("retry-after") == "7");
  CHECK(fixture.server.in_flight() == 2);
  one.exchange->respond({.status = 200});
  CHECK(first.response()->status == 200);
  RawClient fourth = fixture.client();
  REQUIRE(fourth.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken four = inbox.take();
  REQUIRE(four.exchange);
  four.exchange->respond({.status = 200});
  two.exchange->respond({.status = 200});
  CHECK(fourth.response()->status == 200);
}

TEST_CASE("what all connections buffer together is bounded") {
  ServerFixture fixture({.max_buffered = 300'000});
  fixture.route("/scep", echo, 0, 1u << 20);
  std::vector<RawClient> slow;
  unsigned refused = 0;
  for (int i = 0; i < 10; ++i) {
    slow.push_back(fixture.client());
    slow.back().patience = milliseconds(50);
    slow.back().send("POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" +
                     std::string(90'000, 'x'));
    const auto response = slow.back().response();
    if (response && response->status == 503) ++refused;
  }
  CHECK(refused >= 5);
  CHECK(refused < 10);
  slow.clear();
  CHECK(fixture.eventually([](const auto& status) { return status.open == 0; }));
  CHECK(still_serves(fixture));
}

}  // namespace
}  // namespace certspan::test
