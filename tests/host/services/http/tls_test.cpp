#include <catch2/catch.hpp>

#include "tests/host/services/http/server_fixture.hpp"
#include "tests/host/services/http/tls_client.hpp"

namespace certspan::test {
namespace {

using std::chrono::milliseconds;

struct TlsFixture {
  explicit TlsFixture(const TestIdentity& identity, HttpOptions options = {}) : server(options) {
    REQUIRE(server.add_listener({.name = "tls", .host = "127.0.0.1", .tls = identity.material()}));
    REQUIRE(server.add_route({.listener = "tls", .path = "/scep", .owner = "test", .max_body = 1'000},
                             [](HttpRequest request, HttpExchangePtr exchange) {
                               const std::string said = request.tls ? "[tls]" : "[plain]";
                               exchange->respond({.status = 200, .body = bytes_of(said)});
                             }));
    REQUIRE(server.start());
    port = server.bound_port("tls").value();
  }
  HttpServer server;
  std::uint16_t port = 0;
};

bool is_served(TlsClient& client) {
  return client.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n") && client.until("[tls]").has_value();
}

TEST_CASE("TLS 1.2 and 1.3 are served with RSA and EC keys, and no client is asked for a certificate") {
  for (const TestKey key : {TestKey::Rsa, TestKey::Ec}) {
    const TlsFixture fixture(make_identity("server", key));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient client(fixture.port, version);
      REQUIRE(client.connected());
      CHECK(client.peer_name() == "server");
      CHECK(client.alpn() == "http/1.1");
      CHECK(is_served(client));
      CHECK(is_served(client));
      CHECK_FALSE(client.asked_for_certificate());
    }
  }
}

TEST_CASE("TLS before 1.2 is refused") {
  const TlsFixture fixture(make_identity("server", TestKey::Rsa));
  CHECK_FALSE(TlsClient(fixture.port, TLS1_1_VERSION).connected());
  CHECK_FALSE(TlsClient(fixture.port, TLS1_VERSION).connected());
}

TEST_CASE("the whole chain is sent") {
  const TlsFixture fixture(make_chain("leaf"));
  TlsClient client(fixture.port);
  REQUIRE(client.connected());
  CHECK(client.peer_name() == "leaf");
  CHECK(client.chain_length() == 2);
}

TEST_CASE("a new certificate serves new connections while old ones live on") {
  TlsFixture fixture(make_identity("old", TestKey::Rsa));
  TlsClient before(fixture.port);
  REQUIRE(before.connected());
  const TestIdentity renewed = make_identity("new", TestKey::Ec);
  REQUIRE(fixture.server.reload_tls("tls", renewed.material()));
  TlsClient after(fixture.port);
  REQUIRE(after.connected());
  CHECK(before.peer_name() == "old");
  CHECK(after.peer_name() == "new");
  CHECK(is_served(before));
  CHECK(is_served(after));
}

TEST_CASE("material that can't serve is refused with its listener's name, and what was there stays") {
  TlsFixture fixture(make_identity("server", TestKey::Ec));
  const TestIdentity other = make_identity("other", TestKey::Ec);
  const TestIdentity rsa = make_identity("rsa", TestKey::Rsa);
  const TestIdentity stranger = make_identity("stranger", TestKey::Ec);
  for (const TlsMaterial& bad :
       {TlsMaterial{}, TlsMaterial{other.chain_pem, ""}, TlsMaterial{"", other.key_pem},
        TlsMaterial{other.chain_pem, rsa.key_pem}, TlsMaterial{other.chain_pem, stranger.key_pem},
        TlsMaterial{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", other.key_pem}}) {
    const auto reloaded = fixture.server.reload_tls("tls", bad);
    REQUIRE_FALSE(reloaded);
    CHECK(reloaded.error().code == "http.bad_tls");
    CHECK(reloaded.error().message.find("\"tls\"") != std::string::npos);
    HttpServer fresh;
    CHECK_FALSE(fresh.add_listener({.name = "tls", .host = "127.0.0.1", .tls = bad}));
  }
  CHECK_FALSE(fixture.server.reload_tls("web", other.material()));
  TlsClient client(fixture.port);
  CHECK(client.peer_name() == "server");
}

TEST_CASE("a plain listener does not become a TLS one by a reload") {
  ServerFixture fixture;
  const auto reloaded = fixture.server.reload_tls("web", make_identity("x", TestKey::Ec).material());
  REQUIRE_FALSE(reloaded);
  CHECK(reloaded.error().code == "http.not_tls");
}

TEST_CASE("sessions are resumed by ticket") {
  const TlsFixture fixture(make_identity("server", TestKey::Ec));
  TlsClient first(fixture.port, TLS1_2_VERSION);
  REQUIRE(is_served(first));
  TlsClient second(fixture.port, TLS1_2_VERSION, SSL_get0_session(first.ssl()));
  REQUIRE(is_served(second));
  CHECK(SSL_session_reused(second.ssl()) == 1);
}

TEST_CASE("a handshake that does not go on is cut off, and so is a client that speaks no TLS") {
  const TlsFixture fixture(make_identity("server", TestKey::Ec), {.handshake_timeout = milliseconds(100)});
  RawClient silent(fixture.port);
  CHECK(silent.ends());
  RawClient partial(fixture.port);
  REQUIRE(partial.send("\x16\x03\x01\x02"));
  CHECK(partial.ends());
  CHECK(fixture.server.status().front().timed_out == 2);
  RawClient plain(fixture.port);
  REQUIRE(plain.send("GET /scep HTTP/1.1\r\nHost: a\r\n\r\n"));
  while (plain.until("\n")) {
  }
  TlsClient client(fixture.port);
  CHECK(is_served(client));
}

TEST_CASE("closing says goodbye in TLS, so that the client knows the answer is whole") {
  const TlsFixture fixture(make_identity("server", TestKey::Ec));
  TlsClient client(fixture.port);
  REQUIRE(client.send("GET /scep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  REQUIRE(client.until("[tls]"));
  CHECK(client.ends_orderly());
}

TEST_CASE("a refused upload gets its answer through TLS too") {
  const TlsFixture fixture(make_identity("server", TestKey::Ec));
  TlsClient client(fixture.port);
  REQUIRE(client.send("POST /scep HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
  REQUIRE(client.send(std::string(100'000, 'x')));
  const auto head = client.until("\r\n\r\n");
  REQUIRE(head);
  CHECK(head->starts_with("HTTP/1.1 413 "));
}

TEST_CASE("waiting TLS clients are let go by drain and abort") {
  TlsFixture fixture(make_identity("server", TestKey::Ec));
  TlsClient idle(fixture.port);
  REQUIRE(is_served(idle));
  SECTION("drain") {
    CHECK(fixture.server.drain(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
    CHECK(idle.ends_orderly());
  }
  SECTION("abort") {
    fixture.server.abort_connections();
    CHECK_FALSE(idle.until("x"));
  }
}

}  // namespace
}  // namespace certspan::test
