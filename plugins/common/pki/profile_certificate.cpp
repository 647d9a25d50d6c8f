#include <algorithm>

#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/security_identifier.hpp"

namespace certspan::pki {
namespace {

using Verdict = std::optional<Violation>;

// CAs date certificates back, and clocks differ; forward no more than this.
constexpr std::int64_t kClockSlack = 300;
// What rounding by a CA may add to the profile's validity.
constexpr std::int64_t kValiditySlack = 3600;

Violation withhold(std::string code, std::string message) {
  return {ViolationKind::BadRequest, std::move(code), std::move(message)};
}

Verdict check_identity(const CertificateRequest& request, const Certificate& certificate) {
  if (!equal(certificate.spki(), request.spki()))
    return withhold("wrong_key", "the certificate is for another key");
  if (!names_equal(certificate.subject(), request.subject())) {
    return withhold("wrong_subject",
                    "the certificate is for subject " + printable_name(certificate.subject()));
  }
  return std::nullopt;
}

Verdict check_chain(const Certificate& certificate, std::span<const Certificate> chain) {
  if (chain.empty()) return withhold("wrong_issuer", "no CA certificate to compare with");
  const Certificate* below = &certificate;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Result<void> issued = below->verify_issued_by(chain[i]);
    if (!issued) return withhold("wrong_issuer", issued.error().message);
    const auto constraints = chain[i].basic_constraints();
    if (constraints && *constraints && (*constraints)->path_length && *(*constraints)->path_length < i) {
      return withhold("wrong_issuer", "the chain is longer than a CA in it allows");
    }
    below = &chain[i];
  }
  if (names_equal(certificate.subject(), chain[0].subject())) {
    return withhold("ca_name", "the certificate carries the CA's own name");
  }
  return std::nullopt;
}

Verdict check_validity(const Profile& profile, const Certificate& certificate, const Certificate& ca,
                       std::int64_t now) {
  if (certificate.not_before() > now + kClockSlack)
    return withhold("validity", "the certificate is not valid yet");
  if (certificate.not_after() <= now) return withhold("validity", "the certificate has ended already");
  if (certificate.not_after() > ca.not_after())
    return withhold("validity", "the certificate outlives its CA");
  if (certificate.not_after() > now + profile.validity_seconds + kValiditySlack) {
    return withhold("validity", "the certificate lives longer than the profile says");
  }
  return std::nullopt;
}

Verdict check_not_ca(const Certificate& certificate) {
  const auto constraints = certificate.basic_constraints();
  if (!constraints) return withhold("bad_extension", constraints.error().message);
  if (*constraints && (*constraints)->ca) return withhold("ca_true", "the certificate is a CA certificate");
  return std::nullopt;
}

Verdict check_purposes(const Profile& profile, const std::vector<Oid>& purposes) {
  for (const Oid& purpose : purposes) {
    if (std::ranges::find(profile.extended_key_usage, purpose) == profile.extended_key_usage.end()) {
      return withhold("eku", "purpose " + purpose.dotted() + " is beyond the profile");
    }
  }
  return std::nullopt;
}

// A CA that copies them from the request would otherwise give purposes that the extended key usage does not
// show.
Verdict check_application_policies(const Profile& profile, const Certificate& certificate) {
  const Extension* extension = find_extension(certificate.extensions(), oids::kMsApplicationPolicies);
  if (extension == nullptr) return std::nullopt;
  const auto purposes = parse_application_policies(extension->value);
  if (!purposes) return withhold("bad_extension", purposes.error().message);
  return check_purposes(profile, *purposes);
}

// Without these extensions a certificate serves every purpose, so they must be there if the profile names
// any.
Verdict check_usage(const Profile& profile, const Certificate& certificate) {
  const auto usage = certificate.key_usage();
  if (!usage) return withhold("bad_extension", usage.error().message);
  if (profile.key_usage != 0 && !*usage) return withhold("key_usage", "the certificate has no key usage");
  if (*usage && (**usage & ~profile.key_usage) != 0)
    return withhold("key_usage", "key usages beyond the profile");
  const auto purposes = certificate.extended_key_usage();
  if (!purposes) return withhold("bad_extension", purposes.error().message);
  if (!*purposes) {
    if (profile.extended_key_usage.empty()) return std::nullopt;
    return withhold("eku", "the certificate has no extended key usage");
  }
  return check_purposes(profile, **purposes);
}

// The SID extension stands there exactly where the profile has it written, with what the request names.
Verdict check_sid(const Profile& profile, const CertificateRequest& request, const Certificate& certificate) {
  const Extension* extension = find_extension(certificate.extensions(), oids::kMsSecurityIdentifier);
  const Result<std::string> sid =
      profile.sid == SidRule::Extension ? named_sid(request) : Result<std::string>(std::string());
  if (!sid) return withhold("sid_extension", sid.error().message);
  if (extension == nullptr) {
    if (sid->empty()) return std::nullopt;
    return withhold("sid_extension",
                    "the CA has not written the security identifier extension that the profile wants");
  }
  if (!sid->empty() && !extension->critical && equal(extension->value, encode_sid_extension(*sid)))
    return std::nullopt;
  return withhold("sid_extension", "the certificate carries a security identifier that nobody asked for");
}

Verdict check_names(const CertificateRequest& request, const Certificate& certificate) {
  const auto names = certificate.subject_alt_names();
  if (!names) return withhold("bad_extension", names.error().message);
  if (!*names) return std::nullopt;
  std::vector<GeneralName> asked;
  if (const Extension* extension = find_extension(request.extensions(), oids::kSubjectAltName)) {
    if (auto parsed = parse_general_names(extension->value)) asked = std::move(*parsed);
  }
  for (const GeneralName& name : **names) {
    if (std::ranges::find(asked, name) == asked.end()) {
      return withhold("san", to_string(name) + " was not asked for");
    }
  }
  return std::nullopt;
}

// A request may choose any identifier. In a certificate it could pass for somebody else's key.
Verdict check_key_identifier(const CertificateRequest& request, const Certificate& certificate) {
  const Extension* extension = find_extension(request.extensions(), oids::kSubjectKeyIdentifier);
  if (extension == nullptr || certificate.subject_key_identifier().empty()) return std::nullopt;
  const Result<BytesView> asked = parse_subject_key_identifier(extension->value);
  if (!asked) return withhold("bad_extension", asked.error().message);
  if (!equal(*asked, certificate.subject_key_identifier())) return std::nullopt;
  if (equal(*asked, request.public_key().key_identifier())) return std::nullopt;
  return withhold("key_identifier", "the CA has copied a subject key identifier that is not the key's");
}

}  // namespace

std::optional<Violation> check_certificate(const Profile& profile, const CertificateRequest& request,
                                           const Certificate& certificate, std::span<const Certificate> chain,
                                           std::int64_t now) {
  if (Verdict verdict = check_identity(request, certificate)) return verdict;
  if (Verdict verdict = check_chain(certificate, chain)) return verdict;
  if (Verdict verdict = check_validity(profile, certificate, chain[0], now)) return verdict;
  if (Verdict verdict = check_not_ca(certificate)) return verdict;
  if (Verdict verdict = check_usage(profile, certificate)) return verdict;
  if (Verdict verdict = check_application_policies(profile, certificate)) return verdict;
  if (Verdict verdict = check_key_identifier(request, certificate)) return verdict;
  if (Verdict verdict = check_sid(profile, request, certificate)) return verdict;
  return check_names(request, certificate);
}

}  // namespace certspan::pki
