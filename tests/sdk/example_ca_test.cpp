// The example CA as a host meets it: the built library, its descriptor, and a CA outside that misbehaves by
// script.
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <dlfcn.h>

#include <certspan/testing/connector_under_test.hpp>

#include "tests/sdk/outside_ca.hpp"

namespace certspan::sdk {
namespace {

using testing::ChainRecorder;
using testing::ConnectorUnderTest;
using testing::FakeHost;
using testing::FakeItem;
using testing::FaultRecorder;

const certspan_plugin& plugin() {
  static void* const library = dlopen(CERTSPAN_EXAMPLE_CA, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  using Entry = const certspan_plugin* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, CERTSPAN_ENTRY_SYMBOL));
  REQUIRE(entry != nullptr);
  return *entry();
}

/// A PKCS #10 made by OpenSSL's command line; made once.
const ByteBuffer& request() {
  static const ByteBuffer made = [] {
    const TemporaryFolder folder;
    const std::string file = (folder.path() / "request.der").string();
    const std::string key = (folder.path() / "key.pem").string();
    const std::string command =
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " + key +
        " -subj /CN=phone-7 -outform DER -out " + file + " 2>/dev/null";
    const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): its words are ours
    REQUIRE(status == 0);
    std::ifstream stream(file, std::ios::binary);
    return ByteBuffer(std::istreambuf_iterator<char>(stream), {});
  }();
  return made;
}

FakeItem order() {
  FakeItem item;
  item.request = request();
  return item;
}

struct Bench {
  explicit Bench(const std::string& more_settings = "")
      : connector(*plugin().types[0], host, R"({"address": ")" + ca.address() + "\"" + more_settings + "}") {
    connector.start();
  }
  void script(const std::string& members) const {
    REQUIRE(ca.ask(R"({"op": "script", )" + members + "}") == R"({"outcome": "ok"})");
  }
  OutsideCa ca;
  FakeHost host;
  ConnectorUnderTest connector;
};

TEST_CASE("the built plugin says who it is") {
  CHECK(std::string(plugin().id) == "example_ca");
  CHECK(std::string(plugin().version) == "1.0.0");
  REQUIRE(plugin().type_count == 1);
  CHECK(std::string(plugin().types[0]->name) == "example_ca");
  CHECK(plugin().types[0]->flags == CERTSPAN_TYPE_RUNS_WAITS);
}

TEST_CASE("an order is answered with a certificate, and the CA shows its chain") {
  Bench bench;
  FakeItem item = order();
  const auto answer = bench.connector.issue(item);
  CHECK(answer.outcome == Outcome::Ok);
  CHECK(answer.certificate.size() > 200);
  CHECK(bench.ca.issued() == 1);

  ChainRecorder chain;
  CHECK(bench.connector.issuer().chain(bench.connector.instance(), chain.sink()) == CERTSPAN_OK);
  CHECK(chain.certificates().size() == 2);
}

TEST_CASE("an order that waits is pending until it is polled in time, and is carried out once") {
  Bench bench(R"(, "answer_after": 300)");
  FakeItem item = order();
  const auto first = bench.connector.issue(item);
  REQUIRE(first.outcome == Outcome::Pending);
  CHECK(first.retry_after_ms > 0);
  CHECK(first.retry_after_ms <= 300);
  CHECK(bench.ca.issued() == 0);

  item.handle = first.handle;
  auto polled = bench.connector.poll(item);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (polled.outcome == Outcome::Pending && std::chrono::steady_clock::now() < give_up) {
    polled = bench.connector.poll(item);
  }
  CHECK(polled.outcome == Outcome::Ok);
  CHECK(bench.connector.poll(item).certificate == polled.certificate);
  CHECK(bench.ca.issued() == 1);
}

TEST_CASE("a CA that refuses connections has certainly not issued") {
  Bench bench;
  bench.ca.end();
  FakeItem item = order();
  CHECK(bench.connector.issue(item).outcome == Outcome::Unavailable);
  CHECK(bench.connector.issue(item).code == "example.no_connection");
  CHECK(bench.connector.lookup(item).outcome == Outcome::Unavailable);
  FaultRecorder faults;
  CHECK(bench.connector.issuer().ping(bench.connector.instance(), faults.sink()) == CERTSPAN_UNAVAILABLE);
  CHECK(faults.faults().size() == 1);
}

TEST_CASE("a connection that breaks after the order leaves it unknown, and lookup finds the certificate") {
  Bench bench;
  bench.script(R"("next": [{"drop": "after"}])");
  FakeItem item = order();
  const auto answer = bench.connector.issue(item);
  CHECK(answer.outcome == Outcome::Unknown);
  CHECK(answer.code == "example.no_answer");
  REQUIRE(bench.host.logs().size() == 1);
  CHECK(bench.connector.lookup(item).outcome == Outcome::Ok);
  CHECK(bench.ca.issued() == 1);
}

TEST_CASE("an order that never arrived is withdrawn by lookup, and only a later attempt is carried out") {
  Bench bench;
  bench.script(R"("next": [{"drop": "before"}])");
  FakeItem item = order();
  CHECK(bench.connector.issue(item).outcome == Outcome::Unknown);
  CHECK(bench.connector.lookup(item).outcome == Outcome::Cancelled);
  CHECK(bench.connector.issue(item).outcome == Outcome::Cancelled);
  CHECK(bench.ca.issued() == 0);
  item.attempt = 2;
  CHECK(bench.connector.issue(item).outcome == Outcome::Ok);
  CHECK(bench.ca.issued() == 1);
}

TEST_CASE("a lookup that can't tell is unavailable") {
  Bench bench;
  bench.script(R"("lookup": "cannot_tell")");
  FakeItem item = order();
  CHECK(bench.connector.lookup(item).outcome == Outcome::Unavailable);
}

TEST_CASE("an answer that does not come in time leaves the order unknown") {
  Bench bench(R"(, "timeout": 200)");
  bench.script(R"("next": [{"before_ms": 3000}])");
  FakeItem item = order();
  const auto start = std::chrono::steady_clock::now();
  CHECK(bench.connector.issue(item).outcome == Outcome::Unknown);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("what the CA itself says is certain") {
  Bench bench;
  bench.script(
      R"("next": [{"answer": {"outcome": "rejected", "code": "quota", "message": "no more this month"}},)"
      R"({"answer": {"outcome": "throttled", "retry_after_ms": 7000}}, {"answer": {"outcome": "invalid"}},)"
      R"({"answer": {"outcome": "unsupported"}}, {"answer": {"outcome": "unavailable"}}])");
  FakeItem item = order();
  const auto rejected = bench.connector.issue(item);
  CHECK(rejected.outcome == Outcome::Rejected);
  CHECK(rejected.code == "example.quota");
  CHECK(rejected.message == "no more this month");
  const auto throttled = bench.connector.issue(item);
  CHECK(throttled.outcome == Outcome::Throttled);
  CHECK(throttled.retry_after_ms == 7000);
  CHECK(bench.connector.issue(item).outcome == Outcome::Invalid);
  CHECK(bench.connector.issue(item).outcome == Outcome::Unsupported);
  CHECK(bench.connector.issue(item).outcome == Outcome::Unavailable);
  CHECK(bench.ca.issued() == 0);
}

TEST_CASE("an answer that can't be read leaves the order unknown") {
  Bench bench;
  for (const char* garbage :
       {"what?", "{}", R"({\"outcome\": \"maybe\"})", R"({\"outcome\": \"ok\", \"certificate\": \"0g\"})"}) {
    bench.script(R"("next": [{"garbage": ")" + std::string(garbage) + "\"}]");
    FakeItem item = order();
    CHECK(bench.connector.issue(item).outcome == Outcome::Unknown);
  }
}

TEST_CASE("a wrong address is a fault at its place") {
  for (const char* address :
       {"localhost:7000", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:7x"}) {
    FaultRecorder faults;
    const std::string settings = R"({"address": ")" + std::string(address) + "\"}";
    CHECK(plugin().types[0]->validate_config(to_abi(settings), faults.sink()) == CERTSPAN_INVALID);
    REQUIRE(faults.faults().size() == 1);
    CHECK(faults.faults()[0].pointer == "/address");
  }
}

}  // namespace
}  // namespace certspan::sdk
