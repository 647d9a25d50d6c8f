#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/ocsp_request.hpp"
#include "plugins/common/pki/ocsp_response.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using Catch::Matchers::Contains;
using test::must_run;
using test::run;
using test::TempDir;

constexpr std::int64_t kOcspStart = 1790000000;  // 2026-09-21

/// A CA made by openssl, a device and a responder under it, and requests that openssl makes.
struct OcspLab {
  OcspLab() {
    must_run(dir,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out "
             "ca.pem -days 30 "
             "-subj '/O=Example/CN=OCSP Lab CA' 2>&1 && openssl x509 -in ca.pem -outform DER -out ca.der && "
             "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout device.key -out "
             "device.csr "
             "-subj /CN=device 2>&1 && openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -set_serial "
             "0x80AABB "
             "-days 9 -out device.pem 2>&1");
  }
  Bytes request(const std::string& options) const {
    must_run(dir, "openssl ocsp -issuer ca.pem " + options + " -cert device.pem -reqout request.der");
    return dir.read("request.der");
  }
  Certificate ca() const { return Certificate::parse(dir.read("ca.der")).value(); }

  TempDir dir;
};

TEST_CASE("a request of openssl's is read: whose status, in which hash, with which nonce") {
  const OcspLab lab;
  const OcspIssuer issuer = OcspIssuer::make(lab.ca()).value();
  for (const auto& [option, digest] :
       {std::pair("-sha1", Digest::Sha1), std::pair("-sha256", Digest::Sha256),
        std::pair("-sha384", Digest::Sha384), std::pair("-sha512", Digest::Sha512)}) {
    const Bytes der = lab.request(option);
    const auto request = parse_ocsp_request(der);
    REQUIRE(request);
    REQUIRE(request->cert_ids.size() == 1);
    const CertId& id = request->cert_ids.front();
    CHECK(id.digest == digest);
    CHECK(to_bytes(id.serial) == Bytes{0x80, 0xAA, 0xBB});
    CHECK(issuer.is_named_by(id));
    CHECK_FALSE(request->nonce.empty());
    const auto alone = parse_cert_id(id.whole);
    REQUIRE(alone);
    CHECK(equal(alone->issuer_key_hash, id.issuer_key_hash));
  }
  CHECK(parse_ocsp_request(lab.request("-no_nonce"))->nonce.empty());
}

TEST_CASE("a signed request with a name in it and several certificates is read") {
  const OcspLab lab;
  const Bytes der = lab.request("-signer device.pem -signkey device.key -serial 5 -serial 6");
  const auto request = parse_ocsp_request(der);
  REQUIRE(request);
  CHECK(request->cert_ids.size() == 3);
}

TEST_CASE("what is cut off, has something behind it, or asks too much is no request") {
  const OcspLab lab;
  const Bytes der = lab.request("-sha256");
  for (std::size_t size = 0; size < der.size(); ++size)
    CHECK_FALSE(parse_ocsp_request(BytesView(der).first(size)));
  Bytes longer = der;
  longer.push_back(0);
  CHECK_FALSE(parse_ocsp_request(longer));
  std::string many = "-sha1";
  for (std::size_t i = 0; i < kMostCertIds; ++i) many += " -serial " + std::to_string(i + 1);
  const auto refused = parse_ocsp_request(lab.request(many));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == FaultKind::TooLarge);
}

TEST_CASE("a hash that is not known is told apart from nonsense") {
  const OcspLab lab;
  const auto refused = parse_ocsp_request(lab.request("-md5"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("openssl takes the answer of a responder that the CA has certified") {
  const OcspLab lab;
  const PrivateKey ca_key = load_private_key(lab.dir.read("ca.key")).value();
  for (const KeySpec spec : {KeySpec::P256, KeySpec::P384, KeySpec::Rsa2048}) {
    const PrivateKey key = generate_private_key(spec).value();
    const Bytes name = encode_name("CN=Responder").value();
    const Certificate ca = lab.ca();
    CertificateTemplate what;
    what.serial = {2};
    what.issuer = ca.subject();
    what.subject = name;
    what.spki = key.public_key().spki();
    what.subject_key_id = key.public_key().key_identifier();
    what.not_before = ca.not_before();
    what.not_after = ca.not_after();
    what.key_usage = key_usage::kDigitalSignature;
    what.extended_key_usage = {oids::kOcspSigning};
    const Bytes certificate = write_certificate(what, ca_key).value();
    const Bytes asked = lab.request("-sha1 -no_nonce");
    const auto request = parse_ocsp_request(asked).value();
    const auto answered = [&](Bytes status) {
      const OcspSingle singles[] = {{request.cert_ids.front().whole, std::move(status)}};
      const OcspTemplate answer = {.certificate = certificate,
                                   .produced_at = ca.not_before(),
                                   .this_update = ca.not_before(),
                                   .next_update = ca.not_before() + 3600,
                                   .singles = singles,
                                   .nonce = request.nonce};
      lab.dir.write("answer.der", write_ocsp_response(answer, key).value());
      return must_run(
          lab.dir,
          "openssl ocsp -respin answer.der -no_nonce -issuer ca.pem -cert device.pem -CAfile ca.pem");
    };
    const std::string good = answered(ocsp_good());
    CHECK_THAT(good, Contains("Response verify OK") && Contains("device.pem: good") && !Contains("WARNING"));
    CHECK_THAT(answered(ocsp_unknown()), Contains("device.pem: unknown"));
    CHECK_THAT(answered(ocsp_revoked(kOcspStart, 4)), Contains("Reason: superseded") && Contains("Sep 21"));
    const std::string unspecified = answered(ocsp_revoked(kOcspStart, 0));
    CHECK_THAT(unspecified, Contains("device.pem: revoked") && !Contains("Reason"));
  }
}

TEST_CASE("what is no answer says why, unsigned") {
  const TempDir dir;
  for (const auto& [error, words] :
       {std::pair(OcspError::MalformedRequest, "malformedrequest"),
        std::pair(OcspError::InternalError, "internalerror"), std::pair(OcspError::TryLater, "trylater"),
        std::pair(OcspError::Unauthorized, "unauthorized")}) {
    dir.write("error.der", write_ocsp_error(error));
    CHECK_THAT(run(dir, "openssl ocsp -respin error.der -resp_text").output, Contains(words));
  }
}

}  // namespace
}  // namespace certspan::pki
