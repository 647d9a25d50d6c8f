// How a server lives with many clients, too few descriptors, and its own end.
#include <sys/resource.h>

#include <future>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "host/services/http/open_file_limit.hpp"
#include "tests/host/services/http/server_fixture.hpp"

namespace certspan::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

const std::string kGet = "GET /scep HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_CASE("thousands of connections wait at once and each gets its own answer") {
  const std::size_t wanted = 2'500;
  const std::size_t count = std::min<std::size_t>(wanted, (raise_open_file_limit() - 200) / 2);
  if (count < wanted) WARN("the limit of open files allows " << count << " connections only");
  ServerFixture fixture({.max_in_flight = count});
  Inbox inbox;
  fixture.route("/", inbox.handler());
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(fixture.client());
    REQUIRE(clients.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  REQUIRE(fixture.eventually([&](const auto&) { return inbox.size() == count; }));
  CHECK(fixture.status().open == count);
  CHECK(fixture.server.in_flight() == count);
  for (std::size_t i = 0; i < count; ++i) {
    const Taken taken = inbox.take();
    taken.exchange->respond({.status = 200, .body = bytes_of(taken.request.path)});
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto response = clients[i].response();
    if (response && response->body == "/" + std::to_string(i)) ++right;
  }
  CHECK(right == count);
  clients.clear();
  CHECK(fixture.eventually([](const auto& status) { return status.open == 0; }));
}

TEST_CASE("above its connection limit a busy listener says 503, and serves again when there is room") {
  ServerFixture fixture({}, {.name = "web", .max_connections = 2});
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient first = fixture.client();
  RawClient second = fixture.client();
  REQUIRE(first.send(kGet));
  REQUIRE(second.send(kGet));
  const Taken one = inbox.take();
  const Taken two = inbox.take();
  RawClient third = fixture.client();
  REQUIRE(third.send(kGet));
  const auto refused = third.response();
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->fields.contains("retry-after"));
  CHECK(fixture.status().refused == 1);
  third.close();
  two.exchange->respond({.status = 200});
  REQUIRE(second.response());
  second.close();
  REQUIRE(fixture.eventually([](const auto& status) { return status.open == 1; }));
  RawClient fourth = fixture.client();
  REQUIRE(fourth.send(kGet));
  inbox.take().exchange->respond({.status = 200});
  CHECK(fourth.response()->status == 200);
  one.exchange->respond({.status = 200});
  CHECK(first.response()->status == 200);
}

TEST_CASE("at the connection limit idle connections give way, the longest idle first") {
  ServerFixture fixture({}, {.name = "web", .max_connections = 3});
  Inbox inbox;
  fixture.route("/scep", echo);
  fixture.route("/wait", inbox.handler());
  RawClient busy = fixture.client();
  REQUIRE(busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
  const Taken taken = inbox.take();
  RawClient older = fixture.client();
  REQUIRE(older.send(kGet));
  REQUIRE(older.response());
  RawClient newer = fixture.client();
  REQUIRE(newer.send(kGet));
  REQUIRE(newer.response());
  REQUIRE(fixture.eventually([](const auto& status) { return status.idle == 2; }));
  RawClient late = fixture.client();
  CHECK(older.ends());
  REQUIRE(late.send(kGet));
  CHECK(late.response()->status == 200);
  REQUIRE(newer.send(kGet));
  CHECK(newer.response()->status == 200);
  taken.exchange->respond({.status = 200});
  CHECK(busy.response()->status == 200);
  CHECK(fixture.status().refused == 0);
}

TEST_CASE("out of file descriptors a listener neither dies nor spins, and goes on when there are some") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  // None at all beyond the standard ones, whatever another thread closes meanwhile.
  rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto started = steady_clock::now();
  const bool connected = client.connect(fixture.port);
  const bool failed = fixture.eventually([](const auto& status) { return status.accept_errors >= 3; });
  const auto taken = steady_clock::now() - started;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(connected);
  CHECK(failed);
  CHECK(taken >= milliseconds(150));
  REQUIRE(client.send(kGet));
  CHECK(client.response()->status == 200);
}

TEST_CASE("draining answers what has begun, closes what is idle and takes nothing new") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient idle = fixture.client();
  RawClient waiting = fixture.client();
  RawClient arriving = fixture.client();
  REQUIRE(waiting.send(kGet));
  const Taken first = inbox.take();
  REQUIRE(arriving.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  REQUIRE(arriving.until("\r\n\r\n"));
  auto drained =
      std::async(std::launch::async, [&] { return fixture.server.drain(steady_clock::now() + seconds(20)); });
  CHECK(idle.ends());
  CHECK_FALSE(fixture.client().connected());
  REQUIRE(arriving.send("ok"));
  const Taken second = inbox.take();
  REQUIRE(second.exchange);
  CHECK(drained.wait_for(milliseconds(0)) == std::future_status::timeout);
  first.exchange->respond({.status = 200, .body = bytes_of("one")});
  second.exchange->respond({.status = 200, .body = bytes_of("two")});
  for (const auto& [client, body] : {std::pair(&waiting, "one"), std::pair(&arriving, "two")}) {
    const auto response = client->response();
    REQUIRE(response);
    CHECK(response->body == body);
    CHECK(response->field("connection") == "close");
    CHECK(client->ends());
  }
  CHECK(drained.get());
}

TEST_CASE("draining ends at its deadline, whatever is left") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient client = fixture.client();
  REQUIRE(client.send(kGet));
  const Taken taken = inbox.take();
  CHECK_FALSE(fixture.server.drain(steady_clock::now() + milliseconds(50)));
  fixture.server.stop();
  CHECK(client.ends());
  CHECK(taken.exchange->closed());
}

TEST_CASE("after an abort not one byte leaves, whoever answers") {
  ServerFixture fixture;
  Inbox inbox;
  fixture.route("/", inbox.handler());
  RawClient waiting = fixture.client();
  RawClient idle = fixture.client();
  REQUIRE(waiting.send(kGet));
  const Taken taken = inbox.take();
  fixture.server.abort_connections();
  taken.exchange->respond({.status = 200, .body = bytes_of("not true")});
  CHECK(waiting.ends());
  CHECK(idle.ends());
  CHECK(fixture.eventually([](const auto& status) { return status.open == 0; }));
  CHECK_FALSE(fixture.client().connected());
  CHECK(fixture.status().responses_2xx == 0);
}

TEST_CASE("an abort may come from inside a handler") {
  ServerFixture fixture;
  fixture.route("/", [&](HttpRequest, HttpExchangePtr exchange) {
    fixture.server.abort_connections();
    exchange->respond({.status = 200});
  });
  RawClient client = fixture.client();
  REQUIRE(client.send(kGet));
  CHECK(client.ends());
}

TEST_CASE("routes come and go while the server runs, without a gap for their owner") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client = fixture.client();
  fixture.route("/scep", [](HttpRequest, HttpExchangePtr exchange) { exchange->respond({.status = 201}); });
  REQUIRE(client.send(kGet));
  CHECK(client.response()->status == 201);
  fixture.server.remove_routes("test");
  REQUIRE(client.send(kGet));
  CHECK(client.response()->status == 404);
  const auto added = fixture.server.add_route({.listener = "web", .path = "/scep", .owner = "other"}, echo);
  REQUIRE(added);
  REQUIRE(client.send(kGet));
  CHECK(client.response()->status == 200);
  const auto nowhere = fixture.server.add_route({.listener = "wbe", .path = "/scep", .owner = "other"}, echo);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("\"wbe\"") != std::string::npos);
}

TEST_CASE("a request whose route goes while its body arrives is told to come back") {
  ServerFixture fixture;
  fixture.route("/scep", echo);
  RawClient client = fixture.client();
  REQUIRE(client.send("POST /scep HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  REQUIRE(client.until("\r\n\r\n"));
  fixture.server.remove_routes("test");
  REQUIRE(client.send("ok"));
  CHECK(client.response()->status == 503);
}

TEST_CASE("once routes are removed no handler of theirs runs any more") {
  ServerFixture fixture;
  std::atomic<bool> inside = false;
  std::promise<void> entered;
  fixture.route("/scep", [&](HttpRequest, HttpExchangePtr) {
    inside = true;
    entered.set_value();
    std::this_thread::sleep_for(milliseconds(50));
    inside = false;
  });
  RawClient client = fixture.client();
  REQUIRE(client.send(kGet));
  entered.get_future().wait();
  fixture.server.remove_routes("test");
  CHECK_FALSE(inside);
}

TEST_CASE("many threads answer many clients while routes change") {
  ServerFixture fixture({.io_threads = 2});
  Inbox inbox;
  fixture.route("/", inbox.handler());
  constexpr int kClients = 8;
  constexpr int kRequests = 50;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (true) {
        const Taken taken = inbox.take();
        if (!taken.exchange || taken.request.path == "/end") return;
        taken.exchange->respond({.status = 200, .body = bytes_of(taken.request.path)});
      }
    });
  }
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      RawClient client = fixture.client();
      for (int r = 0; r < kRequests; ++r) {
        const std::string path = "/" + std::to_string(c) + "/" + std::to_string(r);
        client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto response = client.response();
        if (response && response->body == path) ++right;
      }
    });
  }
  for (int i = 0; i < 50; ++i) fixture.route("/", inbox.handler());
  for (auto& client : clients) client.join();
  CHECK(right == kClients * kRequests);
  RawClient ender = fixture.client();
  for (std::size_t i = 0; i < threads.size(); ++i) {
    RawClient end = fixture.client();
    end.send("GET /end HTTP/1.1\r\nHost: a\r\n\r\n");
    end.response();
  }
  for (auto& thread : threads) thread.join();
  CHECK(fixture.status().responses_2xx == kClients * kRequests);
}

}  // namespace
}  // namespace certspan::test
