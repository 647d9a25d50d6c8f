#include "tests/plugins/common/pki/scep_lab.hpp"

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::pki::test {
namespace {

constexpr std::int64_t kNotBefore = 1700000000;
constexpr std::int64_t kNotAfter = 2500000000;

Bytes make_ra_certificate(const PrivateKey& key) {
  const Bytes name = encode_name("CN=Example RA,O=Example").value();
  CertificateTemplate what;
  what.serial = make_serial(random_octets<16>());
  what.issuer = name;
  what.subject = name;
  what.spki = key.public_key().spki();
  what.not_before = kNotBefore;
  what.not_after = kNotAfter;
  what.subject_key_id = key.public_key().key_identifier();
  what.key_usage = key_usage::kDigitalSignature | key_usage::kKeyEncipherment;
  return write_certificate(what, key).value();
}

}  // namespace

std::string source_path(std::string_view relative) {
  return std::string(CERTSPAN_SOURCE_DIR "/") + std::string(relative);
}

ScepLab::ScepLab(const std::string& messages)
    : key_(std::make_shared<const PrivateKey>(generate_private_key(KeySpec::Rsa2048).value())),
      certificate_(make_ra_certificate(*key_)) {
  dir_.write("ra.pem", pem_encode(kPemCertificate, certificate_));
  dir_.write("spec.json", "{\"ra\": \"ra.pem\", \"messages\": [" + messages + "]}");
  must_run(dir_,
           "/usr/bin/python3 " + source_path("tests/plugins/common/pki/scep_lab.py") + " build spec.json");
}

Opener ScepLab::opener(const ScepOptions& options) const {
  std::vector<RaCredential> credentials;
  credentials.push_back(credential());
  return Opener::create(std::move(credentials), options).value();
}

ReplySigner ScepLab::signer() const {
  return ReplySigner::create(credential()).value();
}

Bytes ScepLab::issue(const CertificateRequest& request) const {
  const Certificate ra = Certificate::parse(certificate_).value();
  CertificateTemplate what;
  what.serial = make_serial(random_octets<16>());
  what.issuer = ra.subject();
  what.subject = request.subject();
  what.spki = request.spki();
  what.not_before = kNotBefore;
  what.not_after = kNotAfter;
  what.authority_key_id = ra.subject_key_identifier();
  what.subject_key_id = request.public_key().key_identifier();
  what.key_usage = key_usage::kDigitalSignature;
  what.extended_key_usage = {oids::kClientAuth};
  return write_certificate(what, *key_).value();
}

std::string ScepLab::judge(const std::string& name, BytesView reply) const {
  dir_.write("reply.der", reply);
  return run(dir_, "/usr/bin/python3 " + source_path("tests/plugins/common/pki/scep_lab.py") + " read " +
                       name + " reply.der")
      .output;
}

}  // namespace certspan::pki::test
