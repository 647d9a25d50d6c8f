#include "plugins/common/pki/crl_writer.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using Catch::Matchers::Contains;
using test::must_run;
using test::TempDir;

constexpr std::int64_t kCrlStart = 1790000000;  // 2026-09-21

struct Issuer {
  explicit Issuer(KeySpec spec)
      : key(generate_private_key(spec).value()), key_id(key.public_key().key_identifier()) {
    CertificateTemplate what;
    what.serial = {1};
    what.issuer = name;
    what.subject = name;
    what.spki = key.public_key().spki();
    what.not_before = kCrlStart;
    what.not_after = kCrlStart + 365 * 86400;
    what.subject_key_id = key_id;
    what.ca = true;
    what.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
    dir.write("ca.der", write_certificate(what, key).value());
  }

  CrlTemplate crl() const {
    CrlTemplate what;
    what.issuer = name;
    what.authority_key_id = key_id;
    what.number = 0xFFFFFFFFFF;
    what.this_update = kCrlStart;
    what.next_update = kCrlStart + 86400;
    return what;
  }

  /// What openssl says of it, after it has verified the signature.
  std::string read(const CrlTemplate& what) const {
    dir.write("crl.der", write_crl(what, key).value());
    return must_run(dir,
                    "openssl x509 -inform DER -in ca.der -out ca.pem && openssl crl -inform DER -in crl.der "
                    "-CAfile ca.pem -text -noout");
  }

  TempDir dir;
  Bytes name = encode_name("CN=Example Root CA,O=Example").value();
  PrivateKey key;
  KeyIdentifier key_id;
};

TEST_CASE("openssl verifies a CRL of every kind of key, with its number and times") {
  for (const KeySpec spec : {KeySpec::Rsa2048, KeySpec::P256, KeySpec::P384}) {
    const Issuer issuer(spec);
    const std::string text = issuer.read(issuer.crl());
    CHECK_THAT(text, Contains("verify OK"));
    CHECK_THAT(text, Contains("Version 2 (0x1)"));
    CHECK_THAT(text, Contains("Issuer: O = Example, CN = Example Root CA"));
    CHECK_THAT(text, Contains("Next Update: Sep 22"));
    CHECK_THAT(text, Contains("X509v3 CRL Number: \n                1099511627775"));
    CHECK_THAT(text, Contains("X509v3 Authority Key Identifier"));
    CHECK_THAT(text, Contains("No Revoked Certificates"));
  }
}

TEST_CASE("revoked certificates stand in a CRL with time and reason") {
  const Issuer issuer(KeySpec::P256);
  CrlTemplate what = issuer.crl();
  const Bytes first = {0x81, 2, 3};
  const Bytes second = {7};
  CrlEntries entries;
  REQUIRE(entries.add({first, kCrlStart - 60, 1}));
  REQUIRE(entries.add({second, kCrlStart - 90, 0}));
  what.entries = entries.view();
  const std::string text = issuer.read(what);
  CHECK_THAT(text, Contains("verify OK"));
  CHECK_THAT(text, Contains("Serial Number: 810203"));
  CHECK_THAT(text, Contains("Key Compromise"));
  CHECK_THAT(text, Contains("Serial Number: 07"));
  // "unspecified" is said by leaving it out.
  CHECK(text.find("Unspecified") == std::string::npos);
}

TEST_CASE("a CRL that no standard allows is not written") {
  const Issuer issuer(KeySpec::P256);
  const auto refused = [&](const CrlTemplate& what) {
    const auto crl = write_crl(what, issuer.key);
    return !crl && crl.error().kind == FaultKind::Policy;
  };
  CrlTemplate ended = issuer.crl();
  ended.next_update = ended.this_update;
  CHECK(refused(ended));
  CrlTemplate nameless = issuer.crl();
  const Bytes empty = {0x30, 0x00};
  nameless.issuer = empty;
  CHECK(refused(nameless));
  CrlEntries entries;
  const Bytes serial = {1};
  for (const std::uint8_t reason : {std::uint8_t{7}, std::uint8_t{11}}) {
    const auto added = entries.add({serial, kCrlStart, reason});
    REQUIRE_FALSE(added);
    CHECK(added.error().kind == FaultKind::Policy);
  }
  CHECK(entries.view().empty());
}

TEST_CASE("a delta names its base, a part its place, a whole list its deltas") {
  const Issuer issuer(KeySpec::P256);
  CrlTemplate delta = issuer.crl();
  delta.base_number = 0xABCDEF;
  delta.partition_urls = {"http://pki.example/3-of-4.crl", "http://other.example/3-of-4.crl"};
  const std::string text = issuer.read(delta);
  CHECK_THAT(text, Contains("Delta CRL Indicator: critical\n                11259375"));
  CHECK_THAT(text, Contains("Issuing Distribution Point: critical"));
  CHECK_THAT(text, Contains("URI:http://pki.example/3-of-4.crl"));
  CHECK_THAT(text, Contains("URI:http://other.example/3-of-4.crl"));
  CrlTemplate whole = issuer.crl();
  whole.delta_urls = {"http://pki.example/delta.crl"};
  const std::string said = issuer.read(whole);
  CHECK_THAT(said, Contains("Freshest CRL") && Contains("URI:http://pki.example/delta.crl"));
  CHECK_THAT(said, !Contains("Delta CRL Indicator") && !Contains("Issuing Distribution"));
}

}  // namespace
}  // namespace certspan::pki
