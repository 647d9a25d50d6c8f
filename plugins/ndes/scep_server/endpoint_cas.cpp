#include "plugins/ndes/scep_server/endpoint_cas.hpp"

#include <algorithm>
#include <string>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"

namespace certspan::scep {
namespace {

bool contains(const std::vector<pki::Bytes>& list, pki::BytesView bytes) {
  return std::ranges::any_of(list, [&](const pki::Bytes& element) { return pki::equal(element, bytes); });
}

bool is_root(pki::BytesView der) {
  const auto certificate = pki::Certificate::parse(der);
  return certificate && certificate->is_self_issued();
}

const std::vector<pki::Bytes>& chosen(CaCertificates which, const CaSnapshot& cas) {
  switch (which) {
    case CaCertificates::Chain:
      return cas.all;
    case CaCertificates::ChainWithoutRoot:
      return cas.below_roots;
    default:
      return cas.issuing;
  }
}

pki::BytesView without_leading_zeros(pki::BytesView number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

}  // namespace

std::shared_ptr<const CaSnapshot> EndpointCas::snapshot() {
  const auto now = host_.now();
  {
    const std::lock_guard lock(mutex_);
    if (snapshot_ && asked_ && now - *asked_ < kRefresh) return snapshot_;
  }
  auto fresh = ask();
  const std::lock_guard lock(mutex_);
  // While the host has none, what was last seen is better than nothing.
  if (fresh) snapshot_ = std::move(fresh);
  asked_ = now;
  return snapshot_;
}

void EndpointCas::look_ahead() {
  auto fresh = ask();
  const std::lock_guard lock(mutex_);
  if (fresh) snapshot_ = std::move(fresh);
}

std::shared_ptr<const CaSnapshot> EndpointCas::ask() const {
  auto cas = std::make_shared<CaSnapshot>();
  std::vector<std::string> issuers;
  const auto outcome = host_.issuer_chains("", [&](std::string_view issuer, sdk::Bytes der) {
    const bool issuing = std::ranges::count(issuers, issuer) == 0;  // the first of each chain
    if (!contains(cas->all, der)) cas->all.push_back(pki::to_bytes(der));
    if ((issuing || !is_root(der)) && !contains(cas->below_roots, der)) {
      cas->below_roots.push_back(pki::to_bytes(der));
    }
    if (!issuing) return;
    issuers.emplace_back(issuer);
    const auto outline = pki::read_certificate_outline(der);
    if (!outline || contains(cas->issuing, der)) return;
    cas->issuing.push_back(pki::to_bytes(der));
    cas->issuing_names.push_back(pki::to_bytes(outline->subject));
  });
  if (outcome != sdk::Outcome::Ok || cas->issuing.empty()) return nullptr;
  return cas;
}

SignerStanding EndpointCas::standing(const CaSnapshot& cas, const pki::OuterMessage& message,
                                     std::int64_t now) const {
  const auto is_issuer = [&](const pki::Bytes& name) {
    return pki::names_equal(name, message.signer_issuer());
  };
  const bool names_ca_of_now = std::ranges::any_of(cas.issuing_names, is_issuer);
  // A CA that issued before the one of now stands in no chain: only it can say. Whoever issued his own
  // certificate, as clients do for their first request, names no CA.
  if (!names_ca_of_now && pki::equal(message.signer_issuer(), message.signer_subject())) {
    return SignerStanding::Stranger;
  }
  const auto outline = pki::read_certificate_outline(message.signer_certificate());
  if (!outline) return SignerStanding::NamesOurCa;
  sdk::FoundCertificate found;
  switch (host_.find("", outline->issuer, without_leading_zeros(outline->serial), found)) {
    case sdk::Outcome::Ok:
      break;
    case sdk::Outcome::Rejected:
    case sdk::Outcome::Unsupported:
      return names_ca_of_now ? SignerStanding::NamesOurCa : SignerStanding::Stranger;
    default:
      return SignerStanding::Unavailable;
  }
  // Anyone can write our CA's name and a serial number of ours into a certificate: only the same bytes are
  // the same.
  if (found.revoked || !pki::equal(found.certificate, message.signer_certificate())) {
    return SignerStanding::NamesOurCa;
  }
  const auto certificate = pki::Certificate::parse(found.certificate);
  if (!certificate || certificate->is_ca()) return SignerStanding::NamesOurCa;
  const bool in_time = certificate->not_before() <= now && now <= certificate->not_after();
  return in_time ? SignerStanding::Ours : SignerStanding::OursOutOfTime;
}

CaCertAnswer ca_cert_answer(CaCertificates which, pki::BytesView ra_certificate, const CaSnapshot& cas) {
  if (which == CaCertificates::RaOnly) {
    return {pki::to_bytes(ra_certificate), "application/x-x509-ca-cert"};
  }
  std::vector<pki::BytesView> certificates = {ra_certificate};
  for (const pki::Bytes& ca : chosen(which, cas)) certificates.emplace_back(ca);
  return {pki::write_certificates_only(certificates), "application/x-x509-ca-ra-cert"};
}

}  // namespace certspan::scep
