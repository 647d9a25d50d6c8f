// What the embedded CA takes back: the ledger, its CRL, and keys that are in other hands.

#include <algorithm>
#include <chrono>

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::TestCa;
using sdk::Outcome;
using test::CaUnderTest;

constexpr std::uint8_t kKey = 1;

sdk::testing::RecordedAnswer revoke(CaUnderTest& ca, std::uint32_t reason, std::uint8_t key = kKey) {
  auto item = CaUnderTest::item_for({}, 9, "");
  const sdk::ByteBuffer item_key(32, key);
  return ca.connector.revoke(item, item_key, {}, reason);
}

/// An order of that day.
void revoke_at(CaUnderTest& ca, std::uint32_t reason, std::int64_t seconds) {
  auto item = CaUnderTest::item_for({}, 9, "");
  const sdk::ByteBuffer item_key(32, kKey);
  certspan_revocation order{};
  order.struct_size = sizeof(order);
  order.reason = reason;
  order.at_ms = seconds * 1000;
  order.key = sdk::to_abi(sdk::Bytes(item_key));
  sdk::testing::AnswerRecorder recorder;
  const certspan_item view = item.view();
  ca.connector.role<certspan_role_revoker>(CERTSPAN_ROLE_REVOKER)
      .revoke(ca.connector.instance(), &view, &order, recorder.sink());
  REQUIRE(recorder.only().outcome == Outcome::Ok);
}

std::int64_t now_of(CaUnderTest& ca) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             sdk::Host(ca.host().c_host()).wall_now().time_since_epoch())
      .count();
}

sdk::ByteBuffer crl_of(CaUnderTest& ca) {
  sdk::ByteBuffer der;
  const certspan_crl_request any = {sizeof(certspan_crl_request), 0, {}, {}, 0, 0};
  const certspan_bytes_sink sink = {
      sizeof(certspan_bytes_sink), 0, &der, [](void* context, certspan_bytes_view value) noexcept {
        const auto bytes = sdk::from_abi(value);
        static_cast<sdk::ByteBuffer*>(context)->assign(bytes.begin(), bytes.end());
      }};
  CHECK(ca.connector.issuer().crl(ca.connector.instance(), &any, &sink) == CERTSPAN_OK);
  return der;
}

std::string told_by_openssl(const TestCa& files, CaUnderTest& ca) {
  files.dir().write("crl.der", crl_of(ca));
  return pki::test::run(files.dir(), "openssl crl -inform DER -in crl.der -text -noout -CAfile ca.pem")
      .output;
}

/// The day that openssl reads as the revocation's, seconds since 1970.
std::int64_t revoked_at(const TestCa& files, CaUnderTest& ca) {
  files.dir().write("crl.der", crl_of(ca));
  return std::stoll(pki::test::must_run(files.dir(),
                                        "date -d \"$(openssl crl -inform DER -in crl.der -text -noout | sed "
                                        "-n 's/.*Revocation Date: //p')\" +%s"));
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

sdk::testing::RecordedAnswer issued_by(CaUnderTest& ca) {
  auto issued = ca.issue(certspan::test::make_request(certspan::test::device_key()), kKey);
  REQUIRE(issued.outcome == Outcome::Ok);
  return issued;
}

TEST_CASE("a revoked certificate stands in the next CRL at once, and is not handed out again") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  CHECK(holds(told_by_openssl(files, ca), "No Revoked Certificates"));
  CHECK(revoke(ca, 5).outcome == Outcome::Ok);
  const std::string text = told_by_openssl(files, ca);
  CHECK(holds(text, "Cessation Of Operation"));
  CHECK(holds(text, "verify OK"));
  CHECK(ca.lookup(kKey).code == "ca_local.revoked");
  CHECK(ca.issue(certspan::test::make_request(certspan::test::device_key()), kKey).code ==
        "ca_local.revoked");
  CHECK(ca.issue(certspan::test::make_request(certspan::test::device_key()), 2).outcome == Outcome::Ok);
}

TEST_CASE("the same order twice changes nothing, and the first reason stays") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  REQUIRE(revoke(ca, 4).outcome == Outcome::Ok);
  CHECK(revoke(ca, 5).outcome == Outcome::Ok);
  const std::string text = told_by_openssl(files, ca);
  CHECK(holds(text, "Superseded"));
  CHECK_FALSE(holds(text, "Cessation Of Operation"));
}

TEST_CASE("no reason is left out of the CRL") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  REQUIRE(revoke(ca, 0).outcome == Outcome::Ok);
  CHECK_FALSE(holds(told_by_openssl(files, ca), "CRL Reason Code"));
}

TEST_CASE("a hold is released, or becomes final, and nothing else is released") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  CHECK(revoke(ca, 8).outcome == Outcome::Ok);  // it was not revoked
  REQUIRE(revoke(ca, 6).outcome == Outcome::Ok);
  CHECK(holds(told_by_openssl(files, ca), "Certificate Hold"));
  REQUIRE(revoke(ca, 8).outcome == Outcome::Ok);
  CHECK(holds(told_by_openssl(files, ca), "No Revoked Certificates"));
  CHECK(ca.lookup(kKey).outcome == Outcome::Ok);
  REQUIRE(revoke(ca, 6).outcome == Outcome::Ok);
  REQUIRE(revoke(ca, 9).outcome == Outcome::Ok);
  CHECK(holds(told_by_openssl(files, ca), "Privilege Withdrawn"));
  CHECK(revoke(ca, 8).code == "ca_local.not_on_hold");
}

TEST_CASE("orders that name nothing, or no reason, are refused") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  CHECK(revoke(ca, 5, 77).code == "ca_local.not_issued");
  for (const std::uint32_t reason : {7U, 11U, 400U}) CHECK(revoke(ca, reason).code == "ca_local.bad_reason");
  CHECK(holds(told_by_openssl(files, ca), "No Revoked Certificates"));
}

TEST_CASE("a key that is in other hands is refused for good, also after a start") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  REQUIRE(revoke(ca, 1).outcome == Outcome::Ok);
  const auto request = certspan::test::make_request(certspan::test::device_key());
  CHECK(ca.issue(request, 2).code == "ca_local.key_compromised");
  sdk::testing::ConnectorUnderTest again(test::ca_type(), ca.host(), test::settings_for(files).dump());
  again.start();
  auto item = CaUnderTest::item_for(request, 3, "wifi");
  CHECK(again.issue(item).code == "ca_local.key_compromised");
}

TEST_CASE("a key is refused too if it got into other hands after its certificate had been revoked") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  REQUIRE(revoke(ca, 4).outcome == Outcome::Ok);
  CHECK(revoke(ca, 1).outcome == Outcome::Ok);
  CHECK(holds(told_by_openssl(files, ca), "Superseded"));
  const auto request = certspan::test::make_request(certspan::test::device_key());
  CHECK(ca.issue(request, 2).code == "ca_local.key_compromised");
}

TEST_CASE("a ledger that can't be read is no final no about a key") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  REQUIRE(revoke(ca, 1).outcome == Outcome::Ok);
  const auto records = ca.host().store.records();
  const auto key = std::ranges::find_if(records, [](const auto& each) { return each.first.front() == 'k'; });
  REQUIRE(key != records.end());
  ca.host().store.fail_reads_of(key->first, Outcome::Unavailable);
  const auto request = certspan::test::make_request(certspan::test::device_key());
  const auto answer = ca.issue(request, 2);
  CHECK(answer.outcome == Outcome::Unavailable);
  CHECK(answer.code == "ca_local.ledger_unavailable");
}

TEST_CASE("a revocation is dated as it was ordered: never ahead of the clock, nor before the certificate") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto begin = pki::Certificate::parse(issued_by(ca).certificate).value().not_before();
  ca.host().advance(std::chrono::hours(10));
  const std::int64_t now = now_of(ca);
  SECTION("as ordered") {
    revoke_at(ca, 5, now - 3600);
    CHECK(revoked_at(files, ca) == now - 3600);
  }
  SECTION("never ahead") {
    revoke_at(ca, 5, now + 3600);
    CHECK(revoked_at(files, ca) <= now + 5);
  }
  SECTION("never before") {
    revoke_at(ca, 5, 1);
    CHECK(revoked_at(files, ca) == begin);
  }
  SECTION("what becomes final counts from the hold on") {
    revoke_at(ca, 6, now - 7200);
    revoke_at(ca, 1, now - 60);
    CHECK(revoked_at(files, ca) == now - 7200);
  }
}

TEST_CASE("a store that can't be written leaves everything as it was") {
  const TestCa files;
  CaUnderTest ca(files);
  issued_by(ca);
  ca.host().store.fail_next_commit(Outcome::Unavailable);
  CHECK(revoke(ca, 5).outcome == Outcome::Unavailable);
  CHECK(ca.lookup(kKey).outcome == Outcome::Ok);
  ca.host().store.fail_next_read(Outcome::Unavailable);
  CHECK(revoke(ca, 5).outcome == Outcome::Unavailable);
}

TEST_CASE("an entry stays until one CRL after the certificate's end has told of it") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto issued = issued_by(ca);
  const auto end = pki::Certificate::parse(issued.certificate).value().not_after();
  REQUIRE(revoke(ca, 5).outcome == Outcome::Ok);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      sdk::Host(ca.host().c_host()).wall_now().time_since_epoch());
  ca.host().advance(std::chrono::seconds(end) - now + std::chrono::hours(24));
  CHECK(holds(told_by_openssl(files, ca), "Cessation Of Operation"));
  ca.host().advance(std::chrono::hours(25));
  CHECK(holds(told_by_openssl(files, ca), "No Revoked Certificates"));
}

}  // namespace
}  // namespace certspan::ca_local
