#include "plugins/ndes/renewal/renewal.hpp"

#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scep_test_client.hpp"

namespace certspan::scep::test {

using namespace certspan::test;
using nlohmann::json;
using sdk::testing::ConnectorUnderTest;
using sdk::testing::FakeHost;
using sdk::testing::FakeItem;

namespace {

constexpr long kDay = 24 * 60 * 60;

class Renewals {
 public:
  explicit Renewals(const json& settings = json::object()) {
    connector_ =
        std::make_unique<ConnectorUnderTest>(sdk::ConnectorType<Renewal>::kTable, host, settings.dump());
    connector_->start();
  }

  // A certificate of our CA in the last tenth of its life.
  Bytes issue(const TestKey& key, CertificateOptions options = {}) {
    if (options.common_name == "client") options.common_name = "laptop-7";
    if (options.not_after_s == 86400) {
      options.not_before_s = -90 * kDay;
      options.not_after_s = 10 * kDay;
    }
    const Bytes certificate = make_certificate(key, options, &ca_certificate, &ca_key);
    const auto parsed = pki::Certificate::parse(certificate).value();
    host.certificates[std::string(pki::as_text(parsed.serial()))] = {certificate, CERTSPAN_CERTIFICATE_GOOD};
    return certificate;
  }

  static FakeItem item(const Bytes& old, const Bytes& request, std::uint8_t key = 0x11) {
    FakeItem made;
    made.message = "renewal";
    made.signer = old;
    made.request = request;
    made.key = sdk::ByteBuffer(32, key);
    return made;
  }
  std::string code(FakeItem item) {
    const auto answer = connector_->validate(item);
    return answer.outcome == sdk::Outcome::Ok ? "ok" : answer.code;
  }

  FakeHost host;
  TestKey ca_key = TestKey::ec();
  Bytes ca_certificate = make_certificate(ca_key, {.common_name = "Test CA", .ca = true});
  const TestKey& old_key = TestKey::shared_rsa(1);
  const TestKey& new_key = TestKey::shared_rsa(2);

 private:
  std::unique_ptr<ConnectorUnderTest> connector_;
};

}  // namespace

TEST_CASE("a good old certificate renews itself for a new key") {
  Renewals renewals;
  const Bytes old = renewals.issue(renewals.old_key, {.subject_alt_name = "DNS:b.example,DNS:a.example"});
  const Bytes request = make_request(renewals.new_key, {.subject_alt_name = "DNS:a.example,DNS:b.example"});
  CHECK(renewals.code(Renewals::item(old, request)) == "ok");
}

TEST_CASE("who is not vouched for does not renew") {
  Renewals renewals;
  CHECK(renewals.code(Renewals::item({}, make_request(renewals.new_key))) == "renewal.no_certificate");
  CHECK(renewals.code(Renewals::item(Bytes(40, 0x30), make_request(renewals.new_key))) ==
        "renewal.bad_request");
  const Bytes old = renewals.issue(renewals.old_key);
  CHECK(renewals.code(Renewals::item(old, Bytes(40, 0x30))) == "renewal.bad_request");
}

TEST_CASE("the new certificate may ask for no other identity") {
  Renewals renewals;
  const Bytes old = renewals.issue(renewals.old_key, {.subject_alt_name = "DNS:a.example"});
  const auto with = [&](const RequestOptions& options) {
    return renewals.code(Renewals::item(old, make_request(renewals.new_key, options)));
  };
  CHECK(with({.common_name = "ceo", .subject_alt_name = "DNS:a.example"}) == "renewal.other_subject");
  CHECK(with({.subject_alt_name = "DNS:b.example"}) == "renewal.other_names");
  CHECK(with({.subject_alt_name = "DNS:a.example,DNS:b.example"}) == "renewal.other_names");
  CHECK(with({.subject_alt_name = "DNS:a.example,DNS:a.example"}) == "renewal.other_names");
  CHECK(with({.subject_alt_name = "email:a.example"}) == "renewal.other_names");
  CHECK(with({}) == "renewal.other_names");
  CHECK(with({.subject_alt_name = "DNS:a.example"}) == "ok");
}

TEST_CASE("the old key is used again only where the settings allow it") {
  const Bytes request = make_request(TestKey::shared_rsa(1));
  Renewals strict;
  CHECK(strict.code(Renewals::item(strict.issue(strict.old_key), request)) == "renewal.same_key");
  Renewals lax(json{{"allow_same_key", true}});
  CHECK(lax.code(Renewals::item(lax.issue(lax.old_key), request)) == "ok");
}

TEST_CASE("renewal has its time") {
  const auto code = [](const json& settings, long not_before, long not_after) {
    Renewals renewals(settings);
    CertificateOptions options;
    options.not_before_s = not_before;
    options.not_after_s = not_after;
    const Bytes old = renewals.issue(renewals.old_key, options);
    return renewals.code(Renewals::item(old, make_request(renewals.new_key)));
  };
  CHECK(code({}, -69 * kDay, 31 * kDay) == "renewal.too_early");
  CHECK(code({}, -71 * kDay, 29 * kDay) == "ok");
  CHECK(code({}, -99 * kDay, -1) == "renewal.expired");
  CHECK(code({}, kDay, 9 * kDay) == "renewal.not_yet_valid");
  CHECK(code({{"any_time", true}}, -kDay, 99 * kDay) == "ok");
  const json week = {{"window", 7 * kDay * 1000}};
  CHECK(code(week, -90 * kDay, 8 * kDay) == "renewal.too_early");
  CHECK(code(week, -90 * kDay, 6 * kDay) == "ok");
}

TEST_CASE("the CA must stand behind the old certificate now") {
  Renewals renewals;
  const Bytes request = make_request(renewals.new_key);
  const Bytes old = renewals.issue(renewals.old_key);
  auto& known = renewals.host.certificates;
  const auto entry = known.begin();
  SECTION("revoked") {
    entry->second.second = CERTSPAN_CERTIFICATE_REVOKED;
    CHECK(renewals.code(Renewals::item(old, request)) == "renewal.revoked");
  }
  SECTION("unknown") {
    known.clear();
    CHECK(renewals.code(Renewals::item(old, request)) == "renewal.unknown_certificate");
  }
  SECTION("another one with the same name and number") {
    entry->second.first =
        make_certificate(TestKey::shared_rsa(3), {}, &renewals.ca_certificate, &renewals.ca_key);
    CHECK(renewals.code(Renewals::item(old, request)) == "renewal.unknown_certificate");
  }
}

TEST_CASE("renewals in a row are counted across keys, a repeat counts once") {
  Renewals renewals(json{{"max_renewals", 2}});
  const Bytes first = renewals.issue(TestKey::shared_rsa(1));
  const Bytes second_request = make_request(TestKey::shared_rsa(2));
  for (int i = 0; i < 4; ++i) CHECK(renewals.code(Renewals::item(first, second_request, 1)) == "ok");
  const Bytes second = renewals.issue(TestKey::shared_rsa(2));
  const Bytes third_request = make_request(TestKey::shared_rsa(3));
  CHECK(renewals.code(Renewals::item(second, third_request, 2)) == "ok");
  const Bytes third = renewals.issue(TestKey::shared_rsa(3));
  CHECK(renewals.code(Renewals::item(third, make_request(TestKey::shared_rsa(4)), 3)) == "renewal.too_many");
  // A new enrolment of the same device starts anew, since its key is new.
  const Bytes enrolled = renewals.issue(TestKey::shared_rsa(5));
  CHECK(renewals.code(Renewals::item(enrolled, make_request(TestKey::shared_rsa(6)), 4)) == "ok");
}

TEST_CASE("renewals of one certificate to several keys are counted together, whatever comes of them") {
  Renewals renewals(json{{"max_renewals", 2}});
  const Bytes first = renewals.issue(TestKey::shared_rsa(1));
  const auto to_key = [](int i) { return make_request(TestKey::shared_rsa(i)); };
  const Bytes to_second = to_key(2);
  CHECK(renewals.code(Renewals::item(first, to_second, 1)) == "ok");
  CHECK(renewals.code(Renewals::item(first, to_key(3), 2)) == "ok");
  CHECK(renewals.code(Renewals::item(first, to_key(4), 3)) == "renewal.too_many");
  CHECK(renewals.code(Renewals::item(first, to_second, 4)) == "renewal.too_many");
  // What was counted stays so, and its certificates have no renewals of their own.
  CHECK(renewals.code(Renewals::item(first, to_second, 1)) == "ok");
  const Bytes second = renewals.issue(TestKey::shared_rsa(2));
  CHECK(renewals.code(Renewals::item(second, to_key(4), 5)) == "renewal.too_many");
}

TEST_CASE("renewals to the same key are counted too") {
  Renewals renewals(json{{"max_renewals", 2}, {"allow_same_key", true}});
  const Bytes old = renewals.issue(renewals.old_key);
  const Bytes request = make_request(renewals.old_key);
  CHECK(renewals.code(Renewals::item(old, request, 1)) == "ok");
  CHECK(renewals.code(Renewals::item(old, request, 2)) == "ok");
  CHECK(renewals.code(Renewals::item(old, request, 3)) == "renewal.too_many");
}

TEST_CASE("a store that can't be written refuses a renewal for now") {
  Renewals renewals;
  const Bytes old = renewals.issue(renewals.old_key);
  FakeItem item = Renewals::item(old, make_request(renewals.new_key));
  renewals.host.store.fail_next_commit(sdk::Outcome::Unavailable);
  CHECK(renewals.code(item) == "renewal.store");
  CHECK(renewals.code(item) == "ok");
}

TEST_CASE("counts of long ago are forgotten at the next start") {
  Renewals renewals;
  for (int i = 2; i < 5; ++i) {
    const Bytes old = renewals.issue(renewals.old_key);
    CHECK(renewals.code(Renewals::item(old, make_request(TestKey::shared_rsa(i)),
                                       static_cast<std::uint8_t>(i))) == "ok");
  }
  REQUIRE(renewals.host.store.records().size() == 7);  // the first key, three later ones, three items
  renewals.host.advance(std::chrono::hours(24) * 366 * 11);
  ConnectorUnderTest next(sdk::ConnectorType<Renewal>::kTable, renewals.host, "{}");
  next.start();
  CHECK(renewals.host.store.records().empty());
}

TEST_CASE("settings that contradict each other are refused") {
  sdk::testing::FaultRecorder faults;
  const std::string both = json{{"window", 1000}, {"any_time", true}}.dump();
  CHECK(sdk::ConnectorType<Renewal>::kTable.validate_config(sdk::to_abi(both), faults.sink()) ==
        CERTSPAN_INVALID);
  CHECK(faults.faults().front().pointer == "/window");
}

}  // namespace certspan::scep::test
