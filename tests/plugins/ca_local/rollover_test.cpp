// One CA takes another's place.
#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::device_key;
using certspan::test::make_request;
using certspan::test::TestCa;
using sdk::Outcome;
using test::CaUnderTest;

struct OneValue {
  Outcome outcome = Outcome::Internal;
  sdk::ByteBuffer value;
  certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, this,
                              [](void* context, certspan_bytes_view bytes) noexcept {
                                const auto view = sdk::from_abi(bytes);
                                static_cast<OneValue*>(context)->value.assign(view.begin(), view.end());
                              }};
};

OneValue next_ca_of(CaUnderTest& ca) {
  OneValue told;
  told.outcome = sdk::outcome_from_abi(ca.connector.issuer().next_ca(ca.connector.instance(), &told.sink));
  return told;
}

/// Settings of `now` with `other` as what comes next or came before, under a name of its own.
nlohmann::json with_next(const TestCa& now, const TestCa& other) {
  nlohmann::json settings = test::settings_for(now);
  settings["next_certificate_file"] = other.certificate_file();
  return settings;
}

/// After the change: `now` issues, and `old` with secret:1 as its key came before.
struct Changed {
  Changed(const TestCa& now, const TestCa& old) {
    host.secrets["secret:0"] = now.key_pem();
    host.secrets["secret:1"] = old.key_pem();
    settings = test::settings_for(now);
    settings["previous"] = {{{"certificate_file", old.certificate_file()}, {"key", "secret:1"}}};
  }
  sdk::testing::FakeHost host;
  nlohmann::json settings;
};

TEST_CASE("the next CA is told under the signature of the CA of now, whatever its key") {
  for (const char* key :
       {"rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384"}) {
    const TestCa now(key);
    const TestCa next;
    CaUnderTest ca(now, with_next(now, next));
    const OneValue told = next_ca_of(ca);
    REQUIRE(told.outcome == Outcome::Ok);
    now.dir().write("told.der", told.value);
    pki::test::must_run(
        now.dir(), "openssl cms -verify -purpose any -inform DER -in told.der -CAfile ca.pem -out inner.der");
    now.dir().write("next.der", next.certificate_der());
    pki::test::must_run(
        now.dir(),
        "openssl pkcs7 -inform DER -in inner.der -print_certs -out inner.pem && openssl x509 -in "
        "inner.pem -outform DER | cmp - next.der");
    CHECK(next_ca_of(ca).value == told.value);
  }
}

TEST_CASE("without a next CA there is nothing to tell") {
  const TestCa files;
  CaUnderTest ca(files);
  CHECK(next_ca_of(ca).outcome == Outcome::Rejected);
}

TEST_CASE("a next CA may begin in the future, and must be a CA") {
  const TestCa now;
  const TestCa next;
  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = now.key_pem();
  CHECK(test::faults_of(with_next(now, next)).empty());
  pki::test::must_run(next.dir(),
                      "openssl req -x509 -key ca.key -out ca.pem -subj /CN=x -addext "
                      "basicConstraints=critical,CA:FALSE");
  const auto faults = test::faults_of(with_next(now, next));
  REQUIRE(faults.size() == 1);
  CHECK(faults.front().pointer == "/next_certificate_file");
  CHECK(faults.front().message.find("CA:TRUE") != std::string::npos);
}

TEST_CASE("after the change the certificates and CRLs of the CA before go on") {
  const TestCa old("rsa:2048");
  const TestCa now;
  Changed changed(now, old);
  // The old CA issued on the same store.
  sdk::testing::FakeHost& host = changed.host;
  sdk::ByteBuffer before;
  {
    host.secrets["secret:0"] = old.key_pem();
    sdk::testing::ConnectorUnderTest first(test::ca_type(), host, test::settings_for(old).dump());
    first.start();
    auto item = CaUnderTest::item_for(make_request(device_key()), 1, "wifi");
    before = first.issue(item).certificate;
    REQUIRE_FALSE(before.empty());
    host.secrets["secret:0"] = now.key_pem();
  }
  sdk::testing::ConnectorUnderTest ca(test::ca_type(), host, changed.settings.dump());
  ca.start();
  auto item = CaUnderTest::item_for(make_request(device_key()), 2, "wifi");
  const auto after = ca.issue(item).certificate;
  now.dir().write("after.der", after);
  pki::test::must_run(now.dir(), "openssl x509 -inform DER -in after.der | openssl verify -CAfile ca.pem");

  const auto outline = pki::Certificate::parse(before).value();
  const certspan_find_request wanted = {sizeof(certspan_find_request), 0, sdk::to_abi(outline.issuer()),
                                        sdk::to_abi(outline.serial())};
  sdk::testing::FindRecorder found;
  CHECK(ca.issuer().find(ca.instance(), &wanted, found.sink()) == CERTSPAN_OK);
  CHECK(found.certificate() == before);

  const auto crl_verified_by = [&](const TestCa& files, pki::BytesView key_id) {
    OneValue crl;
    const certspan_crl_request request = {sizeof(certspan_crl_request), 0, {}, sdk::to_abi(key_id), 0, 0};
    REQUIRE(ca.issuer().crl(ca.instance(), &request, &crl.sink) == CERTSPAN_OK);
    files.dir().write("crl.der", crl.value);
    return pki::test::must_run(files.dir(), "openssl crl -inform DER -in crl.der -CAfile ca.pem -noout")
               .find("verify OK") != std::string::npos;
  };
  CHECK(crl_verified_by(old, outline.authority_key_identifier()));
  CHECK(crl_verified_by(now, {}));
}

TEST_CASE("nobody gets a certificate in the name or for the key of a CA that comes or was") {
  const TestCa now;
  const TestCa other("rsa:2048");
  pki::test::must_run(other.dir(),
                      "openssl req -x509 -key ca.key -out ca.pem -days 3650 -subj '/CN=Second CA' -addext "
                      "keyUsage=critical,keyCertSign,cRLSign");
  const pki::Bytes request = make_request(device_key(), {.subject = "CN=Second CA"});
  CaUnderTest before(now, with_next(now, other));
  CHECK(before.issue(request).code == "ca_local.ca_name");
  Changed changed(now, other);
  sdk::testing::ConnectorUnderTest after(test::ca_type(), changed.host, changed.settings.dump());
  after.start();
  auto item = CaUnderTest::item_for(request, 1, "wifi");
  CHECK(after.issue(item).code == "ca_local.ca_name");
}

TEST_CASE("what is wrong with a CA before is said at its place") {
  const TestCa now;
  const TestCa old;
  Changed changed(now, old);
  changed.settings["previous"].push_back({{"certificate_file", "/nowhere/ca.pem"}, {"key", "secret:1"}});
  const auto faults = test::faults_of(changed.settings);
  REQUIRE(faults.size() == 1);
  CHECK(faults.front().pointer == "/previous/1/certificate_file");
  changed.settings["previous"].erase(1);
  changed.host.secrets["secret:1"] = now.key_pem();
  CHECK_THROWS_WITH(sdk::testing::ConnectorUnderTest(test::ca_type(), changed.host, changed.settings.dump()),
                    Catch::Contains("does not belong to the certificate"));
}

}  // namespace
}  // namespace certspan::ca_local
