#include "plugins/common/pki/certificate.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::TempDir;

// root.pem, leaf.pem and the like, all by openssl.
class OpensslCa {
 public:
  OpensslCa() {
    must_run(dir,
             "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 -subj "
             "'/O=Example/CN=Example Root CA' && openssl req -new -newkey ec -pkeyopt "
             "ec_paramgen_curve:P-256 -nodes -keyout "
             "leaf.key -out leaf.csr -subj '/CN=device 7'");
    dir.write("x.cnf",
              std::string_view("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                               "extendedKeyUsage=clientAuth,1.2.3.4\nsubjectAltName=DNS:device-7.example\n"
                               "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"));
    must_run(dir,
             "openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -set_serial 0x00ff01 -days 30 "
             "-extfile x.cnf -out "
             "leaf.pem");
  }
  Certificate load(const std::string& name) const {
    return std::move(load_certificates(dir.read_text(name)).value()[0]);
  }

  TempDir dir;
};

const OpensslCa& ca() {
  static const OpensslCa shared;
  return shared;
}

}  // namespace

TEST_CASE("a certificate of openssl is read field by field") {
  const Certificate leaf = ca().load("leaf.pem");
  CHECK(leaf.serial_hex() == "ff01");
  CHECK(printable_name(leaf.issuer()) == "CN=Example Root CA,O=Example");
  CHECK(printable_name(leaf.subject()) == "CN=device 7");
  CHECK(leaf.not_after() - leaf.not_before() == 30 * 86400);
  CHECK(leaf.key_usage().value() == key_usage::kDigitalSignature);
  CHECK(leaf.extended_key_usage().value()->at(1).dotted() == "1.2.3.4");
  CHECK_FALSE(leaf.is_ca());
  CHECK(leaf.subject_alt_names().value()->at(0).value == "device-7.example");
  CHECK(equal(leaf.authority_key_identifier(), ca().load("root.pem").subject_key_identifier()));
  CHECK(equal(leaf.subject_key_identifier(), leaf.public_key()->key_identifier()));
  CHECK_FALSE(leaf.is_self_issued());
  CHECK(ca().load("root.pem").is_self_issued());
  CHECK(ca().load("root.pem").is_ca());
}

TEST_CASE("the fingerprint is openssl's") {
  const std::string text =
      must_run(ca().dir, "openssl x509 -in leaf.pem -noout -fingerprint -sha256 | tr -d ':\\n' | tr A-F a-f");
  CHECK_THAT(text, Catch::Matchers::Contains(to_hex(ca().load("leaf.pem").fingerprint())));
}

TEST_CASE("a certificate is checked against the CA that issued it and no other") {
  const Certificate leaf = ca().load("leaf.pem");
  const Certificate root = ca().load("root.pem");
  CHECK(leaf.verify_issued_by(root));
  CHECK(root.verify_issued_by(root));
  CHECK(root.verify_issued_by(leaf).error().kind == FaultKind::Policy);
  // Another key with the same name: by its key identifier, and without one by the signature.
  const TempDir& dir = ca().dir;
  must_run(
      dir,
      "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout o.key -out other.pem -subj "
      "'/O=Example/CN=Example Root "
      "CA' && openssl req -new -x509 -key o.key -out bare.pem -subj '/O=Example/CN=Example Root CA' -addext "
      "subjectKeyIdentifier=none 2>/dev/null || true");
  CHECK(leaf.verify_issued_by(ca().load("other.pem")).error().kind == FaultKind::Policy);
  must_run(dir,
           "printf 'basicConstraints=critical,CA:TRUE\\nsubjectKeyIdentifier=none\\n' > n.cnf && openssl req "
           "-new -key o.key "
           "-subj '/O=Example/CN=Example Root CA' -out o.csr && openssl x509 -req -in o.csr -signkey o.key "
           "-extfile n.cnf "
           "-out noid.pem");
  CHECK(leaf.verify_issued_by(ca().load("noid.pem")).error().kind == FaultKind::BadSignature);
}

TEST_CASE("a signer that is no CA, or may not sign certificates, or signs with SHA-1 is refused") {
  const TempDir& dir = ca().dir;
  must_run(dir,
           "printf 'basicConstraints=CA:FALSE\\n' > a.cnf && printf "
           "'basicConstraints=critical,CA:TRUE\\nkeyUsage=cRLSign\\n' > b.cnf && printf "
           "'basicConstraints=critical,CA:TRUE\\n' > c.cnf; openssl req -new -newkey rsa:2048 -nodes -keyout "
           "s.key -out s.csr "
           "-subj /CN=signer && for x in a b c; do openssl x509 -req -in s.csr -signkey s.key -extfile "
           "$x.cnf -out $x.pem; "
           "done; openssl x509 -req -in leaf.csr -CA c.pem -CAkey s.key -set_serial 1 -out t.pem && openssl "
           "x509 -req "
           "-sha1 -in leaf.csr -CA c.pem -CAkey s.key -set_serial 1 -out u.pem");
  const Certificate issued = ca().load("t.pem");
  CHECK(issued.verify_issued_by(ca().load("c.pem")));
  CHECK(issued.verify_issued_by(ca().load("a.pem")).error().kind == FaultKind::Policy);
  CHECK(issued.verify_issued_by(ca().load("b.pem")).error().kind == FaultKind::Policy);
  CHECK(ca().load("u.pem").verify_issued_by(ca().load("c.pem")).error().kind ==
        FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("a truncated certificate is refused at every length") {
  const Bytes whole = to_bytes(ca().load("leaf.pem").der());
  for (std::size_t size = 0; size < whole.size(); ++size)
    REQUIRE_FALSE(Certificate::parse(BytesView(whole).first(size)));
  CHECK(Certificate::parse(Bytes(65 * 1024)).error().kind == FaultKind::TooLarge);
}

TEST_CASE("no flipped bit in a certificate passes its CA") {
  const Certificate root = ca().load("root.pem");
  const Bytes whole = to_bytes(ca().load("leaf.pem").der());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << (i % 8)));
    const Result<Certificate> certificate = Certificate::parse(flipped);
    INFO(i);
    REQUIRE_FALSE((certificate && certificate->verify_issued_by(root)));
  }
}

TEST_CASE("the outline is read where the strict parser refuses") {
  // A client's own certificate with a negative serial number and a critical authority key identifier.
  const TempDir dir;
  must_run(dir,
           "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k -out c.pem -subj /CN=x -set_serial -5");
  const Bytes der = pem_decode(dir.read_text("c.pem"), kPemCertificate).value()[0];
  CHECK_FALSE(Certificate::parse(der));
  const Result<CertificateOutline> outline = read_certificate_outline(der);
  REQUIRE(outline);
  CHECK(to_hex(outline->serial) == "fb");
  CHECK(printable_name(outline->issuer) == "CN=x");
  CHECK(PublicKey::parse(outline->spki));
  CHECK(to_hex(issuer_and_serial(*outline)) == "3011300c310a300806035504030c01780201fb");
}

TEST_CASE("certificates of Debian's trust store are read as openssl reads them") {
  const TempDir dir;
  const std::string bundle = "/etc/ssl/certs/ca-certificates.crt";
  if (test::run(dir, "cp " + bundle + " all.pem").exit_code != 0) {
    WARN("no trust store on this machine");
    return;
  }
  const std::vector<Bytes> all = pem_decode(dir.read_text("all.pem"), kPemCertificate).value();
  REQUIRE(all.size() > 50);
  for (const Bytes& der : all) {
    const Result<Certificate> certificate = Certificate::parse(der);
    INFO((certificate ? printable_name(certificate->subject()) : certificate.error().message));
    REQUIRE(certificate);
    CHECK(certificate->is_self_issued());
    CHECK(parse_name(certificate->subject()));
  }
}

}  // namespace certspan::pki
