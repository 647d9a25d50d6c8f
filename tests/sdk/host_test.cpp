#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <certspan/host.hpp>
#include <certspan/testing/fake_host.hpp>

namespace certspan::sdk {
namespace {

using testing::FakeHost;

TEST_CASE("a log record carries texts and numbers") {
  FakeHost fake;
  const Host host(fake.c_host());
  host.log(LogLevel::Warn, "slow CA", {{"connector", "corp-ca"}, {"duration_ms", 1500}, {"change", -7}});
  REQUIRE(fake.logs().size() == 1);
  CHECK(fake.logs()[0].level == CERTSPAN_LOG_WARN);
  CHECK(fake.logs()[0].event == "slow CA");
  CHECK(fake.logs()[0].fields.at(0).value == "corp-ca");
  CHECK(fake.logs()[0].fields.at(1).value == "1500");
  CHECK(fake.logs()[0].fields.at(2).value == "-7");
}

TEST_CASE("an empty text is an empty value and no number") {
  FakeHost fake;
  Host(fake.c_host()).log(LogLevel::Info, "x", {{"empty", ""}});
  CHECK(fake.logs().at(0).fields.at(0).value.empty());
}

TEST_CASE("clocks are the host's") {
  FakeHost fake;
  const Host host(fake.c_host());
  fake.set_wall_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1000)));
  CHECK(host.wall_now().time_since_epoch() == std::chrono::seconds(1000));
  const auto before = host.now();
  fake.advance(std::chrono::hours(1));
  CHECK(host.now() - before >= std::chrono::hours(1));
}

TEST_CASE("a frozen clock goes on only when it is told to") {
  FakeHost fake;
  fake.freeze();
  const Host host(fake.c_host());
  const auto before = host.now();
  CHECK(host.now() == before);
  fake.advance(std::chrono::seconds(31));
  CHECK(host.now() - before == std::chrono::seconds(31));
}

TEST_CASE("a store fails once when it is told to") {
  FakeHost fake;
  const Host host(fake.c_host());
  REQUIRE(host.store().commit({put_record(bytes_of("key"), bytes_of("value"))}) == Outcome::Ok);
  fake.store.fail_next_read(Outcome::Unavailable);
  Record record;
  CHECK(host.store().get(bytes_of("key"), record) == Outcome::Unavailable);
  CHECK(host.store().get(bytes_of("key"), record) == Outcome::Ok);
}

TEST_CASE("issuers that can't be asked give nothing") {
  FakeHost fake;
  fake.chains.emplace_back("ca", ByteBuffer{1});
  fake.issuers_outcome = Outcome::Unavailable;
  int seen = 0;
  const Host host(fake.c_host());
  CHECK(host.issuer_chains("", [&](std::string_view, Bytes) { ++seen; }) == Outcome::Unavailable);
  CHECK(seen == 0);
}

TEST_CASE("a secret opens by its token alone") {
  FakeHost fake;
  fake.secrets["token-1"] = "hunter2";
  const Host host(fake.c_host());
  const auto secret = host.open_secret("token-1");
  REQUIRE(secret.has_value());
  CHECK(secret->reveal_text() == "hunter2");
  CHECK_FALSE(host.open_secret("token-2").has_value());
}

TEST_CASE("a moved secret leaves nothing behind") {
  SecretBuffer first(bytes_of("hunter2"));
  SecretBuffer second(std::move(first));
  CHECK(second.reveal_text() == "hunter2");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what a move leaves is what is tested
  second = SecretBuffer(bytes_of("x"));
  CHECK(second.size() == 1);
}

TEST_CASE("a record is read back with its revision, and one that is not there is told") {
  FakeHost fake;
  const Store store = Host(fake.c_host()).store();
  Record record;
  CHECK(store.get(bytes_of("a"), record) == Outcome::Rejected);
  REQUIRE(store.commit({insert_record(bytes_of("a"), bytes_of("1"))}) == Outcome::Ok);
  REQUIRE(store.get(bytes_of("a"), record) == Outcome::Ok);
  CHECK(text_of(record.key) == "a");
  CHECK(text_of(record.value) == "1");
  CHECK(record.revision >= 1);
}

TEST_CASE("a commit is all or nothing and holds each write to its revision") {
  FakeHost fake;
  const Store store = Host(fake.c_host()).store();
  REQUIRE(store.commit({put_record(bytes_of("a"), bytes_of("1"))}) == Outcome::Ok);
  CHECK(store.commit({put_record(bytes_of("b"), bytes_of("2")),
                      insert_record(bytes_of("a"), bytes_of("2"))}) == Outcome::Rejected);
  CHECK(fake.store.records().size() == 1);

  Record record;
  REQUIRE(store.get(bytes_of("a"), record) == Outcome::Ok);
  CHECK(store.commit({update_record(bytes_of("a"), record.revision, bytes_of("2"))}) == Outcome::Ok);
  CHECK(store.commit({update_record(bytes_of("a"), record.revision, bytes_of("3"))}) == Outcome::Rejected);
  CHECK(store.commit({erase_record(bytes_of("a"))}) == Outcome::Ok);
  CHECK(fake.store.records().empty());
}

TEST_CASE("a scan goes in key order, from a mark on, to a limit, until told to stop") {
  FakeHost fake;
  const Store store = Host(fake.c_host()).store();
  for (const char* key : {"x/1", "x/2", "x/3", "y/1"}) {
    REQUIRE(store.commit({put_record(bytes_of(key), bytes_of(key))}) == Outcome::Ok);
  }
  std::vector<std::string> seen;
  const auto note = [&seen](const RecordView& record) {
    seen.emplace_back(text_of(record.key));
    return seen.back() != "x/2" || seen.size() != 2;
  };
  CHECK(store.scan(bytes_of("x/"), {}, 10, note) == Outcome::Ok);
  CHECK(seen == std::vector<std::string>{"x/1", "x/2"});
  seen.clear();
  CHECK(store.scan(bytes_of("x/"), bytes_of("x/1"), 1, note) == Outcome::Ok);
  CHECK(seen == std::vector<std::string>{"x/2"});
  seen.clear();
  CHECK(store.scan(bytes_of("x/"), bytes_of("x/2"), 10, note) == Outcome::Ok);
  CHECK(seen == std::vector<std::string>{"x/3"});
}

TEST_CASE("what a visitor throws arrives after the host has returned") {
  FakeHost fake;
  fake.chains = {{"ca", {1}}, {"ca", {2}}};
  const Host host(fake.c_host());
  for (const char* key : {"a", "b"}) {
    REQUIRE(host.store().commit({put_record(bytes_of(key), {})}) == Outcome::Ok);
  }
  int calls = 0;
  const auto throwing = [&calls](auto&&...) -> bool {
    ++calls;
    throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(host.store().scan({}, {}, 10, throwing), "enough");
  CHECK(calls == 1);
  CHECK_THROWS_WITH(host.issuer_chains("", throwing), "enough");
  CHECK(calls == 2);
}

TEST_CASE("issuers give chains by name, and a certificate that is not good counts as revoked") {
  FakeHost fake;
  fake.chains = {{"corp-ca", {1}}, {"corp-ca", {2}}};
  fake.certificates["7"] = {{9}, CERTSPAN_CERTIFICATE_GOOD};
  fake.certificates["8"] = {{9}, 99};
  const Host host(fake.c_host());
  std::vector<std::string> names;
  CHECK(host.issuer_chains("", [&names](std::string_view issuer, Bytes) { names.emplace_back(issuer); }) ==
        Outcome::Ok);
  CHECK(names == std::vector<std::string>{"corp-ca", "corp-ca"});

  FoundCertificate found;
  CHECK(host.find("", {}, bytes_of("7"), found) == Outcome::Ok);
  CHECK_FALSE(found.revoked);
  CHECK(host.find("", {}, bytes_of("8"), found) == Outcome::Ok);
  CHECK(found.revoked);
  CHECK(host.find("", {}, bytes_of("9"), found) == Outcome::Rejected);
}

TEST_CASE("on a host that offers nothing every service does what its comment says") {
  FakeHost fake;
  fake.withhold_all();
  const Host host(fake.c_host());
  host.log(LogLevel::Error, "nobody hears this", {{"a", 1}});
  CHECK_FALSE(host.log_enabled(LogLevel::Error));
  CHECK(std::chrono::abs(host.now() - std::chrono::steady_clock::now()) < std::chrono::minutes(1));
  CHECK(std::chrono::abs(host.wall_now() - std::chrono::system_clock::now()) < std::chrono::minutes(1));
  CHECK_FALSE(host.open_secret("token").has_value());
  Record record;
  CHECK(host.store().get({}, record) == Outcome::Unsupported);
  CHECK(host.store().scan({}, {}, 1, [](const RecordView&) { return true; }) == Outcome::Unsupported);
  CHECK(host.store().commit({put_record({}, {})}) == Outcome::Unsupported);
  CHECK(host.issuer_chains("", [](std::string_view, Bytes) {}) == Outcome::Unsupported);
  FoundCertificate found;
  CHECK(host.find("", {}, {}, found) == Outcome::Unsupported);
  CHECK(host.add_route("web", "/", 1) == Outcome::Unsupported);
}

TEST_CASE("an outcome of a later contract is a fault of the other side") {
  CHECK(outcome_from_abi(CERTSPAN_CANCELLED) == Outcome::Cancelled);
  CHECK(outcome_from_abi(CERTSPAN_INTERNAL + 1) == Outcome::Internal);
  CHECK(outcome_from_abi(-1) == Outcome::Internal);
}

}  // namespace
}  // namespace certspan::sdk
