// What the embedded CA writes, judged by openssl and by python3-cryptography.
#include <optional>
#include <set>

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::device_key;
using certspan::test::make_request;
using certspan::test::rsa_device_key;
using certspan::test::TestCa;
using nlohmann::json;
using pki::test::must_run;
using sdk::Outcome;
using test::CaUnderTest;

constexpr std::int64_t kDay = 86'400;

json read_independently(const TestCa& files, const sdk::ByteBuffer& certificate) {
  files.dir().write("leaf.der", certificate);
  return json::parse(must_run(files.dir(), "/usr/bin/python3 " CERTSPAN_SOURCE_DIR
                                           "/tests/plugins/ca_local/read_certificate.py leaf.der"));
}

std::string openssl_verify(const TestCa& files, const sdk::ByteBuffer& certificate,
                           const std::string& options = "") {
  files.dir().write("leaf.der", certificate);
  must_run(files.dir(), "openssl x509 -inform DER -in leaf.der -out leaf.pem");
  return pki::test::run(files.dir(), "openssl verify -x509_strict " + options + " -CAfile ca.pem leaf.pem")
      .output;
}

sdk::ByteBuffer issued(CaUnderTest& ca, const pki::Bytes& request, std::uint8_t key = 1) {
  const auto answer = ca.issue(request, key);
  INFO(answer.code << ": " << answer.message);
  REQUIRE(answer.outcome == Outcome::Ok);
  return answer.certificate;
}

TEST_CASE("a certificate is what RFC 5280 says, to an independent reader") {
  const TestCa files;
  json settings = test::settings_for(files);
  settings["crl_urls"] = {"http://pki.example/ca.crl"};
  settings["ca_issuers_urls"] = {"http://pki.example/ca.cer"};
  CaUnderTest ca(files, settings);
  const auto certificate = issued(ca, make_request(rsa_device_key(), {.dns = "laptop-7.example"}));
  const json report = read_independently(files, certificate);
  CHECK(openssl_verify(files, certificate, "-purpose sslclient") == "leaf.pem: OK\n");

  CHECK(report["version"] == "v3");
  CHECK(report["canonical"] == true);
  CHECK(report["signature_algorithm"] == "1.2.840.10045.4.3.2");
  const json& extensions = report["extensions"];
  CHECK(extensions["2.5.29.19"] ==
        json{{"critical", true}, {"value", {{"ca", false}, {"path_length", nullptr}}}});
  CHECK(extensions["2.5.29.15"] ==
        json{{"critical", true}, {"value", {"digital_signature", "key_encipherment"}}});
  CHECK(extensions["2.5.29.37"] == json{{"critical", false}, {"value", {"1.3.6.1.5.5.7.3.2"}}});
  CHECK(extensions["2.5.29.17"] == json{{"critical", false}, {"value", {"laptop-7.example"}}});
  CHECK(extensions["2.5.29.14"]["value"] == report["key_sha1"]);
  CHECK(extensions["2.5.29.14"]["critical"] == false);
  CHECK(extensions["2.5.29.35"]["critical"] == false);
  CHECK(extensions["2.5.29.31"] == json{{"critical", false}, {"value", {"http://pki.example/ca.crl"}}});
  const json access = json::array({"1.3.6.1.5.5.7.48.2", "http://pki.example/ca.cer"});
  CHECK(extensions["1.3.6.1.5.5.7.1.1"] == json{{"critical", false}, {"value", json::array({access})}});
  CHECK(extensions.size() == 8);

  const json ca_report = read_independently(files, files.certificate_der());
  CHECK(extensions["2.5.29.35"]["value"] == ca_report["extensions"]["2.5.29.14"]["value"]);
  CHECK(report["issuer"] == ca_report["subject"]);
}

TEST_CASE("RSA and EC authorities issue for RSA and EC keys") {
  for (const char* kind :
       {"ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384", "rsa:2048"}) {
    CAPTURE(kind);
    const TestCa files(kind);
    CaUnderTest ca(files);
    CHECK(openssl_verify(files, issued(ca, make_request(rsa_device_key()), 1)) == "leaf.pem: OK\n");
    CHECK(openssl_verify(files, issued(ca, make_request(device_key()), 2)) == "leaf.pem: OK\n");
  }
}

TEST_CASE("a request that asks for less gets less, and a key only what it can do") {
  const TestCa files;
  json settings = test::settings_for(files);
  settings["profiles"]["wifi"]["eku"] = {"client_auth", "email_protection"};
  CaUnderTest ca(files, settings);
  const auto narrow = read_independently(
      files, issued(ca, make_request(rsa_device_key(), {.key_usage = pki::key_usage::kDigitalSignature,
                                                        .purposes = {pki::oids::kEmailProtection}})));
  CHECK(narrow["extensions"]["2.5.29.15"]["value"] == json{"digital_signature"});
  CHECK(narrow["extensions"]["2.5.29.37"]["value"] == json{"1.3.6.1.5.5.7.3.4"});
  // An EC key can't encipher keys, although the profile would let it.
  const auto ec = read_independently(files, issued(ca, make_request(device_key()), 2));
  CHECK(ec["extensions"]["2.5.29.15"]["value"] == json{"digital_signature"});
  CHECK(ec["extensions"]["2.5.29.37"]["value"] == json{"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"});
}

TEST_CASE("a key that can do nothing of what the profile grants is refused") {
  const TestCa files;
  json settings = test::settings_for(files);
  settings["profiles"]["wifi"]["key_usage"] = {"key_encipherment"};
  CaUnderTest ca(files, settings);
  CHECK(ca.issue(make_request(device_key())).outcome == Outcome::Unsupported);
  CHECK(ca.issue(make_request(rsa_device_key())).outcome == Outcome::Ok);
}

TEST_CASE("without a subject the alternative names are critical") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto certificate = issued(ca, make_request(device_key(), {.subject = "", .dns = "laptop-7.example"}));
  const json report = read_independently(files, certificate);
  CHECK(report["subject"] == "3000");
  CHECK(report["extensions"]["2.5.29.17"]["critical"] == true);
  CHECK(openssl_verify(files, certificate) == "leaf.pem: OK\n");
}

TEST_CASE("alternative names stand in the certificate as in the request, the subject in RFC 5280's types") {
  const TestCa files;
  json settings = test::settings_for(files);
  settings["profiles"]["wifi"]["san"] = {"dns", "upn", "email", "ip", "uri"};
  CaUnderTest ca(files, settings);
  // One attribute in each string type that is found in the field.
  must_run(files.dir(), "/usr/bin/python3 " CERTSPAN_SOURCE_DIR
                        "/tests/plugins/ca_local/make_many_types_request.py many.der");
  const pki::Bytes request_der = files.dir().read("many.der");
  const auto request = pki::parse_certificate_request(request_der).value();
  const auto certificate = issued(ca, request_der);
  const json report = read_independently(files, certificate);
  const pki::Bytes subject = pki::encode_name(pki::parse_name(request.subject()).value()).value();
  CHECK(report["subject"] == pki::to_hex(subject));
  CHECK(pki::names_equal(subject, request.subject()));
  const pki::Name name = pki::parse_name(subject).value();
  for (const pki::Rdn& rdn : name.rdns) {
    const bool retired =
        rdn[0].string_tag == pki::tag::kBmpString || rdn[0].string_tag == pki::tag::kT61String;
    CHECK_FALSE(retired);
  }
  const auto parsed = pki::Certificate::parse(certificate).value();
  const auto* in_request = pki::find_extension(request.extensions(), pki::oids::kSubjectAltName);
  const auto* in_certificate = pki::find_extension(parsed.extensions(), pki::oids::kSubjectAltName);
  REQUIRE(in_request != nullptr);
  REQUIRE(in_certificate != nullptr);
  CHECK(pki::equal(in_request->value, in_certificate->value));
  CHECK(report["extensions"]["2.5.29.17"]["value"].size() == 5);
}

TEST_CASE("serial numbers are positive, of up to 128 bits, and never the same") {
  const TestCa files;
  CaUnderTest ca(files);
  const pki::Bytes request = make_request(device_key());
  std::set<pki::Bytes> serials;
  std::optional<std::uint8_t> with_high_bit;
  for (std::uint8_t key = 0; key < 64; ++key) {
    const auto certificate = pki::Certificate::parse(issued(ca, request, key)).value();
    CHECK(certificate.serial().size() <= 16);
    if (certificate.serial().size() == 16 && certificate.serial()[0] >= 0x80) with_high_bit = key;
    serials.insert(pki::to_bytes(certificate.serial()));
  }
  CHECK(serials.size() == 64);
  // Half of them need an octet for the sign.
  REQUIRE(with_high_bit);
  const json report = read_independently(files, issued(ca, request, *with_high_bit));
  CHECK(report["serial_positive"] == true);
  CHECK(report["serial_bits"] == 128);
}

struct Life {
  std::int64_t first;
  std::int64_t last;
};

Life life_of(const sdk::ByteBuffer& der) {
  const auto certificate = pki::Certificate::parse(der).value();
  return {certificate.not_before(), certificate.not_after()};
}

std::chrono::system_clock::time_point at(std::int64_t unix_seconds) {
  return std::chrono::system_clock::time_point(std::chrono::seconds(unix_seconds));
}

TEST_CASE("validity begins before now and has the profile's length to the second") {
  const TestCa files;
  const std::int64_t ca_begins = life_of(files.certificate_der()).first;
  CaUnderTest ca(files);
  const std::int64_t now = ca_begins + 10 * kDay;
  ca.host().set_wall_clock(at(now));
  const Life life = life_of(issued(ca, make_request(device_key())));
  CHECK(life.first == now - 300);
  // RFC 5280 4.1.2.5: both ends belong to it.
  CHECK(life.last - life.first + 1 == 365 * kDay);
}

TEST_CASE("the settings bound validity and say how far it is dated back") {
  const TestCa files;
  json settings = test::settings_for(files);
  settings["longest_validity"] = "30d";
  settings["backdate"] = 3'600'000;
  CaUnderTest ca(files, settings);
  const std::int64_t now = life_of(files.certificate_der()).first + 10 * kDay;
  ca.host().set_wall_clock(at(now));
  const Life life = life_of(issued(ca, make_request(device_key())));
  CHECK(life.first == now - 3600);
  CHECK(life.last - life.first + 1 == 30 * kDay);
}

TEST_CASE("no certificate lives outside its CA's life") {
  const TestCa files("ec -pkeyopt ec_paramgen_curve:P-256", 100);
  const Life ca_life = life_of(files.certificate_der());
  CaUnderTest ca(files);
  ca.host().set_wall_clock(at(ca_life.first + 60));
  const Life early = life_of(issued(ca, make_request(device_key()), 1));
  CHECK(early.first == ca_life.first);
  CHECK(early.last == ca_life.last);
  ca.host().set_wall_clock(at(ca_life.last));
  CHECK(life_of(issued(ca, make_request(device_key()), 2)).last == ca_life.last);
}

TEST_CASE("dates are UTCTime through 2049 and GeneralizedTime from 2050 on") {
  const TestCa files("ec -pkeyopt ec_paramgen_curve:P-256", 365 * 40);
  constexpr std::int64_t kFirstOf2050 = 2'524'608'000;
  const auto forms = [&files](std::int64_t now) {
    CaUnderTest ca(files);
    ca.host().set_wall_clock(at(now));
    const auto certificate = issued(ca, make_request(device_key()));
    files.dir().write("leaf.der", certificate);
    const std::string dump =
        must_run(files.dir(), "openssl asn1parse -inform DER -in leaf.der | grep -E 'TIME'");
    CHECK(openssl_verify(files, certificate, "-attime " + std::to_string(now)) == "leaf.pem: OK\n");
    std::string kinds;
    for (std::size_t i = 0; (i = dump.find("TIME", i)) != std::string::npos; ++i)
      kinds += dump[i - 1] == 'C' ? 'U' : 'G';
    return kinds;
  };
  CHECK(forms(kFirstOf2050 - 400 * kDay) == "UU");
  CHECK(forms(kFirstOf2050 - 10 * kDay) == "UG");
  CHECK(forms(kFirstOf2050 + 300) == "GG");
  // notAfter in the last second of 2049.
  CHECK(forms(kFirstOf2050 - 365 * kDay + 300) == "UU");
  CHECK(forms(kFirstOf2050 - 365 * kDay + 301) == "UG");
}

}  // namespace
}  // namespace certspan::ca_local
