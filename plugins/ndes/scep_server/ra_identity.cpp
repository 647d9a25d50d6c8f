#include "plugins/ndes/scep_server/ra_identity.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::scep {
namespace {

constexpr std::size_t kMaxFile = 1024UL * 1024;
constexpr pki::KeyUsage kNeeded = pki::key_usage::kDigitalSignature | pki::key_usage::kKeyEncipherment;

pki::Result<std::string> read_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return pki::fault(pki::FaultKind::Policy, "file \"" + file + "\" can't be read: " + std::strerror(errno));
  }
  std::string text(kMaxFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFile)
    return pki::fault(pki::FaultKind::TooLarge, "file \"" + file + "\" is over 1 MiB");
  return text;
}

}  // namespace

std::int64_t to_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

pki::Result<pki::Certificate> read_ra_certificate(const std::string& file) {
  CERTSPAN_PKI_TRY(const std::string text, read_file(file));
  auto certificates = pki::load_certificates(text);
  if (!certificates) {
    return pki::fault(pki::FaultKind::Malformed,
                      "file \"" + file + "\" holds no PEM certificate: " + certificates.error().message);
  }
  return std::move(certificates->front());
}

std::optional<std::string> ra_certificate_fault(const pki::Certificate& certificate,
                                                bool danger_enrollment_agent, std::int64_t now, RaAge age) {
  if (age == RaAge::Current && certificate.not_after() < now) {
    return "the RA certificate has expired, and clients refuse its answers: certify the RA anew";
  }
  const auto key = certificate.public_key();
  if (!key) return "the key of the RA certificate can't be read: " + key.error().message;
  if (key->family() != pki::KeyFamily::Rsa) {
    return "the RA certificate has an EC key, which can't open SCEP requests; make one with an RSA key "
           "(the CA's own key may be EC)";
  }
  const auto usage = certificate.key_usage();
  if (!usage || !*usage || (**usage & kNeeded) != kNeeded) {
    return "the RA certificate needs the key usages digitalSignature and keyEncipherment";
  }
  const auto purposes = certificate.extended_key_usage();
  if (!purposes) return "the extended key usage of the RA certificate can't be read";
  if (*purposes && std::ranges::count(**purposes, pki::oids::kMsEnrollmentAgent) > 0 &&
      !danger_enrollment_agent) {
    return "the RA certificate is an enrolment agent (1.3.6.1.4.1.311.20.2.1); use one with serverAuth, or "
           "allow it "
           "with danger_enrollment_agent_ra";
  }
  return std::nullopt;
}

RaIdentity make_ra_identity(pki::Certificate certificate, pki::PrivateKey key) {
  return {std::make_shared<const pki::PrivateKey>(std::move(key)), std::move(certificate)};
}

pki::Result<RaIdentity> make_ra_identity(pki::Certificate certificate, pki::BytesView key_pem) {
  auto key = pki::load_private_key(key_pem);
  if (!key)
    return pki::fault(key.error().kind, "the private key of the RA can't be read: " + key.error().message);
  if (!pki::equal(key->public_key().spki(), certificate.spki())) {
    return pki::fault(pki::FaultKind::Policy, "the private key is not that of the RA certificate");
  }
  return make_ra_identity(std::move(certificate), std::move(*key));
}

}  // namespace certspan::scep
