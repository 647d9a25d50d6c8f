#include "plugins/common/pki/certificate_writer.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using Catch::Matchers::Contains;
using test::must_run;
using test::TempDir;

constexpr std::int64_t kStart = 1790000000;  // 2026-09-21

CertificateTemplate root_template(const Bytes& name, const PublicKey& key) {
  CertificateTemplate what;
  what.serial = make_serial({0x81, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  what.issuer = name;
  what.subject = name;
  what.spki = key.spki();
  what.not_before = kStart;
  what.not_after = kStart + 10LL * 365 * 86400;
  what.subject_key_id = key.key_identifier();
  what.ca = true;
  what.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
  return what;
}

}  // namespace

TEST_CASE("a request made by openssl becomes a certificate that openssl verifies") {
  const TempDir dir;
  must_run(dir,
           "openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -outform DER -out r.der -subj "
           "'/O=Example/CN=device 7'"
           " -addext subjectAltName=DNS:device-7.example,IP:192.0.2.7 && openssl req -inform DER -in r.der "
           "-pubkey -noout "
           "-out p.pem");
  const Result<CertificateRequest> request = parse_certificate_request(dir.read("r.der"));
  REQUIRE(request);
  const Result<PrivateKey> ca_key = generate_private_key(KeySpec::P256);
  REQUIRE(ca_key);
  const Bytes ca_name = encode_name("CN=Example Root CA,O=Example").value();
  const Bytes root = write_certificate(root_template(ca_name, ca_key->public_key()), *ca_key).value();

  CertificateTemplate what;
  what.serial = make_serial({0x01, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  what.issuer = ca_name;
  what.subject = request->subject();
  what.spki = request->spki();
  what.not_before = kStart;
  what.not_after = kStart + 365 * 86400;
  const KeyIdentifier ca_key_id = ca_key->public_key().key_identifier();
  what.authority_key_id = ca_key_id;
  what.subject_key_id = request->public_key().key_identifier();
  what.key_usage = key_usage::kDigitalSignature | key_usage::kKeyEncipherment;
  what.extended_key_usage = {oids::kClientAuth};
  what.subject_alt_names = find_extension(request->extensions(), oids::kSubjectAltName)->value;
  const Bytes leaf = write_certificate(what, *ca_key).value();

  dir.write("root.pem", pem_encode(kPemCertificate, root));
  dir.write("leaf.pem", pem_encode(kPemCertificate, leaf));
  CHECK_THAT(must_run(dir, "openssl verify -x509_strict -attime 1790000100 -CAfile root.pem leaf.pem"),
             Contains("leaf.pem: OK"));
  const std::string text = must_run(dir, "openssl x509 -in leaf.pem -noout -text");
  CHECK_THAT(text, Contains("Subject: O = Example, CN = device 7"));
  CHECK_THAT(text, Contains("X509v3 Basic Constraints: critical\n                CA:FALSE"));
  CHECK_THAT(text,
             Contains("X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment"));
  CHECK_THAT(text, Contains("DNS:device-7.example, IP Address:192.0.2.7"));
}

}  // namespace certspan::pki
