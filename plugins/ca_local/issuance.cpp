#include "plugins/ca_local/issuance.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/ca_local/crl_address.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/security_identifier.hpp"

namespace certspan::ca_local {

namespace {

/// Both ends count (RFC 5280 4.1.2.5), so the last second is one less than the length.
std::int64_t last_second(std::int64_t first, const IssuingRules& rules, const pki::Profile& profile) {
  std::int64_t length = profile.validity_seconds;
  if (rules.longest_validity) length = std::min<std::int64_t>(length, rules.longest_validity->count());
  return first + length - 1;
}

/// The usages that the key can have: an EC key enciphers nothing (RFC 8813 3), an RSA key agrees on nothing
/// (RFC 3279 2.3.1).
pki::KeyUsage usage_for(const pki::PublicKey& key, pki::KeyUsage wanted) {
  namespace usage = pki::key_usage;
  const pki::KeyUsage impossible = key.family() == pki::KeyFamily::Ec
                                       ? usage::kKeyEncipherment | usage::kDataEncipherment
                                       : usage::kKeyAgreement | usage::kEncipherOnly | usage::kDecipherOnly;
  return static_cast<pki::KeyUsage>(wanted & ~impossible);
}

/// Empty if none is to be written. Which SID may be named, the check of the request has said.
pki::Result<pki::Bytes> sid_extension(const pki::Profile& profile, const pki::CertificateRequest& request) {
  if (profile.sid != pki::SidRule::Extension) return pki::Bytes();
  CERTSPAN_PKI_TRY(const std::string sid, pki::named_sid(request));
  return sid.empty() ? pki::Bytes() : pki::encode_sid_extension(sid);
}

}  // namespace

pki::Result<LedgerRecord> issue_certificate(const Authority& authority, const IssuingRules& rules,
                                            const pki::Profile& profile,
                                            const pki::CertificateRequest& request, std::int64_t now) {
  pki::CertificateTemplate what;
  what.serial = random_serial();
  // Old string types are no certificate's (RFC 5280 4.1.2.6), whatever requests bring.
  CERTSPAN_PKI_TRY(const pki::Name subject, pki::parse_name(request.subject()));
  CERTSPAN_PKI_TRY(what.subject, pki::encode_name(subject));
  what.spki = request.spki();
  what.subject_key_id = request.public_key().key_identifier();
  what.not_before = now - rules.backdate.count();
  what.not_after = last_second(what.not_before, rules, profile);
  if (what.not_after <= now) {
    return pki::fault(pki::FaultKind::TooLarge,
                      "the validity of the profile is not longer than the backdate of the CA");
  }
  pki::GrantedUsage usage = pki::granted_usage(profile, request);
  what.key_usage = usage_for(request.public_key(), usage.key_usage);
  if (what.key_usage == 0 && usage.key_usage != 0) {
    return pki::fault(pki::FaultKind::UnsupportedAlgorithm,
                      "no key usage of the profile suits this kind of key");
  }
  what.extended_key_usage = std::move(usage.extended_key_usage);
  if (const auto* names = pki::find_extension(request.extensions(), pki::oids::kSubjectAltName)) {
    what.subject_alt_names = names->value;
  }
  what.crl_urls = with_partition(rules.crl_urls, partition_of(what.serial, rules.crl_partitions));
  what.ca_issuers_urls = rules.ca_issuers_urls;
  what.ocsp_urls = rules.ocsp_urls;
  CERTSPAN_PKI_TRY(const pki::Bytes sid, sid_extension(profile, request));
  if (!sid.empty()) what.extra_extensions.push_back({pki::oids::kMsSecurityIdentifier, false, sid});

  LedgerRecord record;
  record.serial = what.serial;
  CERTSPAN_PKI_TRY(record.certificate, authority.sign(std::move(what)));
  return record;
}

}  // namespace certspan::ca_local
