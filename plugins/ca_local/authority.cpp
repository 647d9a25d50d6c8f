#include "plugins/ca_local/authority.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "plugins/ca_local/crl_address.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::ca_local {

namespace {

using pki::Certificate;
using pki::fault;
using pki::FaultKind;

constexpr std::size_t kMostCertificates = 16;

std::string quoted_subject(const Certificate& certificate) {
  return "\"" + pki::printable_name(certificate.subject()) + "\"";
}

tl::unexpected<pki::Fault> unfit(const Certificate& certificate, const std::string& why) {
  return fault(FaultKind::Policy, "the certificate of " + quoted_subject(certificate) + " " + why);
}

pki::Result<void> check_dates(const Certificate& certificate, std::int64_t now) {
  if (certificate.not_after() < now) {
    return unfit(certificate, "expired at " + connector::format_utc(certificate.not_after()));
  }
  if (certificate.not_before() > now) {
    return unfit(certificate, "is not valid before " + connector::format_utc(certificate.not_before()));
  }
  return {};
}

/// RFC 5280 4.2.1.9 and 4.2.1.3: what makes a certificate an issuer's. `below` is the number of CA
/// certificates under it in the chain.
pki::Result<void> check_is_issuer(const Certificate& certificate, std::size_t below) {
  CERTSPAN_PKI_TRY(const auto constraints, certificate.basic_constraints());
  if (!constraints || !constraints->ca)
    return unfit(certificate, "is not a CA's: it lacks basicConstraints CA:TRUE");
  if (constraints->path_length && *constraints->path_length < below) {
    return unfit(certificate, "allows fewer CAs below it than the chain has (pathLenConstraint)");
  }
  CERTSPAN_PKI_TRY(const auto usage, certificate.key_usage());
  if (!usage || (*usage & pki::key_usage::kKeyCertSign) == 0) {
    return unfit(certificate, "may not sign certificates: its key usage lacks keyCertSign");
  }
  return {};
}

pki::Result<void> check_links(std::span<const Certificate> chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const auto link = chain[i].verify_issued_by(chain[i + 1]);
    if (!link) {
      return unfit(chain[i], "is not signed by the next one, " + quoted_subject(chain[i + 1]) + ": " +
                                 link.error().message);
    }
  }
  return {};
}

pki::Result<void> check_chain(std::span<const Certificate> chain, std::int64_t now) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    CERTSPAN_PKI_CHECK(check_is_issuer(chain[i], i));
    CERTSPAN_PKI_CHECK(check_dates(chain[i], now));
  }
  CERTSPAN_PKI_TRY(const pki::Name name, pki::parse_name(chain.front().subject()));
  if (name.empty()) return unfit(chain.front(), "has an empty subject, which no issuer may have");
  CERTSPAN_PKI_TRY(const pki::PublicKey key, chain.front().public_key());
  if (const auto weakness = key.weakness()) return unfit(chain.front(), "has a weak key: " + *weakness);
  return check_links(chain);
}

/// Takes the certificate that `wanted` accepts out of `pool`.
template <class Wanted>
std::optional<Certificate> take(std::vector<Certificate>& pool, Wanted wanted) {
  const auto found = std::ranges::find_if(pool, wanted);
  if (found == pool.end()) return std::nullopt;
  Certificate certificate = std::move(*found);
  pool.erase(found);
  return certificate;
}

}  // namespace

pki::Result<std::vector<Certificate>> read_chain(std::string_view pem, std::int64_t now) {
  CERTSPAN_PKI_TRY(std::vector<Certificate> chain, pki::load_certificates(pem));
  if (chain.size() > kMostCertificates) {
    return fault(FaultKind::TooLarge,
                 "holds more than " + std::to_string(kMostCertificates) + " certificates");
  }
  CERTSPAN_PKI_CHECK(check_chain(chain, now));
  return chain;
}

pki::Result<std::vector<Certificate>> order_chain(std::vector<Certificate> certificates,
                                                  const pki::PublicKey& key, std::int64_t now) {
  std::vector<Certificate> chain;
  auto next = take(certificates,
                   [&](const Certificate& candidate) { return pki::equal(candidate.spki(), key.spki()); });
  if (!next) return fault(FaultKind::Policy, "none of the certificates is for this CA's key");
  while (next && chain.size() < kMostCertificates) {
    chain.push_back(std::move(*next));
    const Certificate& last = chain.back();
    next = last.is_self_issued() ? std::nullopt : take(certificates, [&](const Certificate& candidate) {
      return last.verify_issued_by(candidate).has_value();
    });
  }
  if (!chain.back().is_self_issued()) {
    return fault(FaultKind::Policy, "the chain ends at " + quoted_subject(chain.back()) +
                                        ": add the certificate of " + "its issuer \"" +
                                        pki::printable_name(chain.back().issuer()) +
                                        "\" and so on up to the root");
  }
  CERTSPAN_PKI_CHECK(chain.back().verify_issued_by(chain.back()));
  CERTSPAN_PKI_CHECK(check_chain(chain, now));
  return chain;
}

Authority::Authority(std::vector<Certificate> chain, pki::PrivateKey key, const pki::OcspIssuer& ocsp_issuer)
    : chain_(std::move(chain)), key_(std::move(key)), ocsp_issuer_(ocsp_issuer) {
  const pki::BytesView stated = certificate().subject_key_identifier();
  const pki::KeyIdentifier computed = key_.public_key().key_identifier();
  // What relying parties compare is the extension where there is one, whatever method made it (RFC
  // 5280 4.2.1.1).
  key_identifier_ = stated.empty() ? pki::Bytes(computed.begin(), computed.end()) : pki::to_bytes(stated);
}

pki::Result<Authority> Authority::make(std::vector<Certificate> chain, pki::PrivateKey key) {
  if (!pki::equal(chain.front().spki(), key.public_key().spki())) {
    return fault(FaultKind::Policy,
                 "the key does not belong to the certificate of " + quoted_subject(chain.front()));
  }
  CERTSPAN_PKI_TRY(const pki::OcspIssuer ocsp_issuer, pki::OcspIssuer::make(chain.front()));
  return Authority(std::move(chain), std::move(key), ocsp_issuer);
}

pki::Result<pki::Bytes> Authority::sign(pki::CertificateTemplate what) const {
  // A certificate outside its issuer's validity can't be verified at its ends (RFC 5280 6.1.3).
  what.not_before = std::max(what.not_before, certificate().not_before());
  what.not_after = std::min(what.not_after, certificate().not_after());
  if (what.not_after <= what.not_before) {
    return fault(FaultKind::Policy, "the CA's own certificate ends at " +
                                        connector::format_utc(certificate().not_after()) + ": renew it");
  }
  what.issuer = certificate().subject();
  what.authority_key_id = key_identifier_;
  if (what.serial.empty()) what.serial = random_serial();
  for (std::string& url : what.crl_urls) fill_in_key_id(url, key_identifier_);
  for (std::string& url : what.ca_issuers_urls) fill_in_key_id(url, key_identifier_);
  return pki::write_certificate(what, key_);
}

bool Authority::may_sign_crls() const {
  const auto usage = certificate().key_usage();
  return usage && (!*usage || (**usage & pki::key_usage::kCrlSign) != 0);
}

pki::Result<pki::Bytes> Authority::sign(pki::CrlTemplate what) const {
  what.issuer = certificate().subject();
  what.authority_key_id = key_identifier_;
  for (std::string& url : what.partition_urls) fill_in_key_id(url, key_identifier_);
  for (std::string& url : what.delta_urls) fill_in_key_id(url, key_identifier_);
  return pki::write_crl(what, key_);
}

pki::Bytes random_serial() {
  const auto octets = pki::random_octets<16>();
  const auto* const first = std::ranges::find_if(octets, [](std::uint8_t octet) { return octet != 0; });
  return first == octets.end() ? pki::Bytes{1} : pki::Bytes(first, octets.end());
}

}  // namespace certspan::ca_local
