// What the CA says of its certificates in the words of OCSP, and whom it lets answer in its name.
#include <catch2/catch.hpp>

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/ocsp_response.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"
#include "tests/plugins/ca_local/action_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::device_key;
using certspan::test::make_request;
using certspan::test::TestCa;
using sdk::Outcome;
using test::CaUnderTest;

/// CertID (RFC 6960 4.1.1), written here from the certificate of the CA.
pki::Bytes id_for(const TestCa& ca, pki::BytesView serial, pki::Digest digest = pki::Digest::Sha1) {
  const auto certificate = pki::Certificate::parse(ca.certificate_der()).value();
  const auto key = certificate.public_key().value();
  pki::DerWriter writer;
  writer.begin(pki::tag::kSequence).algorithm_with_null(pki::digest_oid(digest));
  writer.octet_string(pki::hash(digest, certificate.subject()).view());
  writer.octet_string(pki::hash(digest, key.key_bits()).view());
  return writer.unsigned_integer(serial).end().take();
}

struct ToldStatus {
  Outcome outcome = Outcome::Internal;
  pki::Bytes status;
};

ToldStatus status_of(const sdk::testing::ConnectorUnderTest& connector, pki::BytesView cert_id) {
  ToldStatus told;
  const certspan_status_request request = {sizeof(certspan_status_request), 0, sdk::to_abi(cert_id)};
  const certspan_bytes_sink sink = {
      sizeof(certspan_bytes_sink), 0, &told, [](void* context, certspan_bytes_view value) noexcept {
        const auto bytes = sdk::from_abi(value);
        static_cast<ToldStatus*>(context)->status.assign(bytes.begin(), bytes.end());
      }};
  told.outcome =
      sdk::outcome_from_abi(connector.issuer().certificate_status(connector.instance(), &request, &sink));
  return told;
}

pki::Certificate issued(CaUnderTest& ca) {
  const auto answer = ca.issue(make_request(device_key()));
  REQUIRE(answer.outcome == Outcome::Ok);
  return pki::Certificate::parse(answer.certificate).value();
}

TEST_CASE("a certificate is good, one that was never issued is unknown, in every hash") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto certificate = issued(ca);
  for (const auto digest :
       {pki::Digest::Sha1, pki::Digest::Sha256, pki::Digest::Sha384, pki::Digest::Sha512}) {
    const auto good = status_of(ca.connector, id_for(files, certificate.serial(), digest));
    CHECK(good.outcome == Outcome::Ok);
    CHECK(good.status == pki::ocsp_good());
    const pki::Bytes never = {5};
    CHECK(status_of(ca.connector, id_for(files, never, digest)).status == pki::ocsp_unknown());
  }
}

TEST_CASE("a CertID of another CA, and what is none, is not this CA's business") {
  const TestCa files;
  const TestCa other;
  CaUnderTest ca(files);
  const pki::Bytes serial = {1};
  CHECK(status_of(ca.connector, id_for(other, serial)).outcome == Outcome::Rejected);
  CHECK(status_of(ca.connector, {}).outcome == Outcome::Rejected);
  const pki::Bytes nonsense = {0x30, 0x03, 1, 2, 3};
  CHECK(status_of(ca.connector, nonsense).outcome == Outcome::Rejected);
}

TEST_CASE("a store that can't be read says nothing about a certificate") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto certificate = issued(ca);
  ca.host().store.fail_next_read(Outcome::Unavailable);
  const auto told = status_of(ca.connector, id_for(files, certificate.serial()));
  CHECK(told.outcome == Outcome::Unavailable);
  CHECK(told.status.empty());
}

TEST_CASE("after a change of CA both keys speak for their own certificates alone") {
  const TestCa old;
  const TestCa now;
  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = old.key_pem();
  host.secrets["secret:1"] = old.key_pem();
  pki::Bytes serial;
  {
    sdk::testing::ConnectorUnderTest before(test::ca_type(), host, test::settings_for(old).dump());
    before.start();
    auto item = CaUnderTest::item_for(make_request(device_key()), 1, "wifi");
    const auto answer = before.issue(item);
    REQUIRE(answer.outcome == Outcome::Ok);
    serial = pki::to_bytes(pki::Certificate::parse(answer.certificate).value().serial());
  }
  host.secrets["secret:0"] = now.key_pem();
  nlohmann::json settings = test::settings_for(now);
  settings["previous"] = {{{"certificate_file", old.certificate_file()}, {"key", "secret:1"}}};
  sdk::testing::ConnectorUnderTest after(test::ca_type(), host, settings.dump());
  after.start();
  CHECK(status_of(after, id_for(old, serial)).status == pki::ocsp_good());
  CHECK(status_of(after, id_for(now, serial)).status == pki::ocsp_unknown());
}

TEST_CASE("the CA certifies the responders that it names, for OCSP and nothing else") {
  const TestCa files;
  nlohmann::json settings = test::settings_for(files);
  settings["ocsp_responders"] = {"ocsp"};
  settings["crl_urls"] = {"http://pki.example/crl"};
  CaUnderTest ca(files, settings);
  const nlohmann::json order = {
      {"csr", pki::pem_encode(pki::kPemCertificateRequest, make_request(device_key()))},
      {"responder", "ocsp"},
      {"validity", "30d"}};
  const auto made = test::run_action("certify_ocsp", order, ca.connector.instance());
  REQUIRE(made.ok());
  REQUIRE(made.value["certificates"].size() == 1);
  files.dir().write("ocsp.pem", made.value["certificates"][0]["certificate"].get<std::string>());
  const std::string text =
      pki::test::must_run(files.dir(),
                          "openssl verify -CAfile ca.pem -purpose ocsphelper ocsp.pem && openssl x509 -in "
                          "ocsp.pem -noout -text");
  CHECK(test::holds(text, "OCSP Signing"));
  CHECK(test::holds(text, "OCSP No Check"));
  CHECK_FALSE(test::holds(text, "TLS Web"));
  CHECK_FALSE(test::holds(text, "CRL Distribution"));

  nlohmann::json other = order;
  other["responder"] = "another";
  CHECK(test::holds(test::run_action("certify_ocsp", other, ca.connector.instance()).fault(),
                    "ocsp_responders"));
  CHECK_FALSE(test::run_action("certify_ocsp", order).ok());
}

}  // namespace
}  // namespace certspan::ca_local
