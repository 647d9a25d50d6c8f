#include <algorithm>
#include <array>
#include <iterator>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/security_identifier.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::pki {
namespace {

using Verdict = std::optional<Violation>;

constexpr std::size_t kMaxSubjectOctets = 4096;

Violation refuse(std::string code, std::string message) {
  return {ViolationKind::BadRequest, std::move(code), std::move(message)};
}

Violation malformed(std::string code, std::string message) {
  return {ViolationKind::Malformed, std::move(code), std::move(message)};
}

Verdict check_key(const Profile& profile, const PublicKey& key, std::span<const Sha256Value> own_keys) {
  if (std::ranges::find(own_keys, key.spki_sha256()) != own_keys.end()) {
    return refuse("own_key", "the request is for one of our own keys");
  }
  if (const std::optional<std::string> weakness = key.weakness()) {
    return Violation{ViolationKind::BadAlg, "weak_key", *weakness};
  }
  const bool listed = std::ranges::any_of(profile.keys, [&key](const KeyRule& rule) {
    return rule.kind == key.kind() && key.bits() >= rule.min_bits;
  });
  if (listed) return std::nullopt;
  return Violation{ViolationKind::BadAlg, "key_not_allowed",
                   "the profile does not allow " + std::string(key_kind_name(key.kind())) + " keys of " +
                       std::to_string(key.bits()) + " bits"};
}

// The upper bounds of X.520 (RFC 5280 appendix A.1), in characters. Longer values break readers that keep to
// them, and hide the end of a name from people.
struct LengthLimit {
  Oid type;
  std::size_t characters;
  std::string_view name;
};
constexpr std::array<LengthLimit, 8> kLengthLimits = {{
    {oids::kCommonName, 64, "common name"},
    {oids::kSerialNumber, 64, "serial number"},
    {oids::kOrganizationName, 64, "organization"},
    {oids::kOrganizationalUnit, 64, "organizational unit"},
    {oids::kTitle, 64, "title"},
    {oids::kLocalityName, 128, "locality"},
    {oids::kStateName, 128, "state"},
    {oids::kCountryName, 2, "country"},
}};

Verdict check_attribute(const NameAttribute& attribute) {
  if (attribute.value.empty()) return malformed("bad_subject", "the subject has an empty value");
  if (has_hidden_character(attribute.value)) {
    return malformed("bad_subject", "the subject has control or direction characters in it");
  }
  for (const LengthLimit& limit : kLengthLimits) {
    if (!(limit.type == attribute.type) || count_characters(attribute.value) <= limit.characters) continue;
    return malformed("bad_subject", "the " + std::string(limit.name) + " of the subject is longer than " +
                                        std::to_string(limit.characters) + " characters");
  }
  return std::nullopt;
}

// Attributes of one relative name have different types (X.501 9.3); twice the same is two names for readers
// that take the first and readers that take the last.
bool names_a_type_twice(const Rdn& rdn) {
  for (auto one = rdn.begin(); one != rdn.end(); ++one) {
    if (std::any_of(std::next(one), rdn.end(), [&](const auto& other) { return other.type == one->type; }))
      return true;
  }
  return false;
}

Verdict check_subject(const Profile& profile, const CertificateRequest& request) {
  if (request.subject().size() > kMaxSubjectOctets)
    return malformed("bad_subject", "the subject is too long");
  const Result<Name> name = parse_name(request.subject());
  if (!name) return malformed("bad_subject", name.error().message);
  for (const Rdn& rdn : name->rdns) {
    if (names_a_type_twice(rdn)) {
      return malformed("bad_subject", "the subject has one attribute twice in one relative name");
    }
    for (const NameAttribute& attribute : rdn) {
      if (Verdict verdict = check_attribute(attribute)) return verdict;
    }
  }
  if (const auto written = encode_name(*name); !written) {
    return malformed("bad_subject", written.error().message);
  }
  if (!name->empty()) return std::nullopt;
  const bool has_alternative = find_extension(request.extensions(), oids::kSubjectAltName) != nullptr;
  if (profile.subject_required || !has_alternative) return refuse("empty_subject", "the subject is empty");
  return std::nullopt;
}

// Only the very identifier that a validator has vouched for, written as the one spelling that all readers
// agree on.
Verdict check_sid(const Profile& profile, const GeneralName& name, const Vouched& vouched) {
  if (profile.sid == SidRule::Refuse) return refuse("sid_uri", "a SAN URI names a security identifier");
  const std::optional<std::string> sid = sid_of(name);
  if (!sid) return refuse("sid_uri", "a SAN URI looks like a security identifier and is none");
  if (vouched.sid.empty() || *sid != vouched.sid) {
    return refuse("sid_not_validated", "no validator has found the security identifier " + *sid + " good");
  }
  return std::nullopt;
}

Verdict check_alternative_name(const Profile& profile, const GeneralName& name, const Vouched& vouched) {
  if (may_name_a_sid(name)) return check_sid(profile, name, vouched);
  if (std::ranges::find(profile.san, name.kind) == profile.san.end()) {
    return refuse("san_not_allowed", "the profile does not allow " + to_string(name));
  }
  if (const Result<void> well_formed = check_general_name(name); !well_formed) {
    return malformed("bad_san", well_formed.error().message);
  }
  if (name.kind == GeneralNameKind::Dns && name.value.starts_with('*') && !profile.wildcard_dns) {
    return refuse("wildcard_not_allowed", "the profile does not allow the wildcard " + to_string(name));
  }
  return std::nullopt;
}

Verdict check_alternative_names(const Profile& profile, const Extension& extension, const Vouched& vouched) {
  const Result<std::vector<GeneralName>> names = parse_general_names(extension.value);
  if (!names) return malformed("bad_san", names.error().message);
  for (const GeneralName& name : *names) {
    if (Verdict verdict = check_alternative_name(profile, name, vouched)) return verdict;
  }
  return std::nullopt;
}

Verdict check_key_usage(const Profile& profile, const Extension& extension) {
  const Result<KeyUsage> usage = parse_key_usage(extension.value);
  if (!usage) return malformed("bad_extension", usage.error().message);
  if (*usage == 0) return malformed("bad_extension", "the key usage names none");  // RFC 5280 4.2.1.3
  if ((*usage & ~profile.key_usage) != 0) {
    return refuse("key_usage_not_allowed", "the request asks for key usages beyond the profile");
  }
  return std::nullopt;
}

// Of the extended key usage or of Microsoft's application policies, which Windows takes for the same thing.
Verdict check_purposes(const Profile& profile, const Result<std::vector<Oid>>& purposes) {
  if (!purposes) return malformed("bad_extension", purposes.error().message);
  for (const Oid& purpose : *purposes) {
    if (std::ranges::find(profile.extended_key_usage, purpose) == profile.extended_key_usage.end()) {
      return refuse("eku_not_allowed", "the profile does not allow purpose " + purpose.dotted());
    }
  }
  return std::nullopt;
}

Verdict check_constraints(const Extension& extension) {
  const Result<BasicConstraints> constraints = parse_basic_constraints(extension.value);
  if (!constraints) return malformed("bad_extension", constraints.error().message);
  if (constraints->ca || constraints->path_length)
    return refuse("ca_true", "the request asks for a CA certificate");
  return std::nullopt;
}

// Tools add this one unasked, and not all of them compute it from the key: Debian 12's certmonger hashes
// other memory. Nothing here takes it; a CA outside that does is held to it by check_certificate.
Verdict check_key_identifier(const Extension& extension) {
  const Result<BytesView> identifier = parse_subject_key_identifier(extension.value);
  if (!identifier) return malformed("bad_extension", identifier.error().message);
  if (identifier->empty()) return malformed("bad_extension", "the subject key identifier is empty");
  return std::nullopt;
}

// Windows writes these into ordinary requests; nothing here takes anything from them. A CA outside that does
// is held to request and profile by check_certificate.
bool is_without_effect(const Extension& extension) {
  return extension.oid == oids::kMsTemplateName || extension.oid == oids::kMsTemplate ||
         extension.oid == oids::kSmimeCapabilities;
}

Verdict check_extension(const Profile& profile, const Extension& extension, const Vouched& vouched) {
  if (extension.oid == oids::kMsSecurityIdentifier) {
    return refuse("sid_extension", "the request brings a security identifier extension");
  }
  if (extension.oid == oids::kSubjectAltName) return check_alternative_names(profile, extension, vouched);
  if (extension.oid == oids::kKeyUsage) return check_key_usage(profile, extension);
  if (extension.oid == oids::kExtendedKeyUsage) {
    return check_purposes(profile, parse_extended_key_usage(extension.value));
  }
  if (extension.oid == oids::kMsApplicationPolicies) {
    return check_purposes(profile, parse_application_policies(extension.value));
  }
  if (extension.oid == oids::kBasicConstraints) return check_constraints(extension);
  if (extension.oid == oids::kSubjectKeyIdentifier) return check_key_identifier(extension);
  if (is_without_effect(extension)) return std::nullopt;
  return refuse("extension_not_allowed", "the request asks for extension " + extension.oid.dotted());
}

// Microsoft's CA takes a template, names and more from such pairs. Intune sends the two about validity, which
// ask for nothing that the profile and the CA do not bound.
Verdict check_name_value_pairs(const RequestAttribute& attribute) {
  const Violation bad = refuse("attribute_not_allowed", "the request has an enrolment name/value pair");
  DerReader outer(attribute.values, "enrolment name/value pairs");
  Result<DerReader> set = outer.enter(tag::kSet, "enrolment name/value pairs");
  if (!set) return bad;
  while (!set->at_end()) {
    Result<DerReader> pair = set->enter(tag::kSequence, "enrolment name/value pair");
    if (!pair) return bad;
    const Result<DerElement> element = pair->next();
    if (!element) return bad;
    const Result<std::string> name = read_text(*element, "enrolment name/value pair");
    if (!name || (*name != "ValidityPeriod" && *name != "ValidityPeriodUnits")) return bad;
  }
  return std::nullopt;
}

// Behind a device-management service a profile only narrows: a request that names no usage was found good as
// one without, so nothing is given unasked unless the profile says that it adds it.
Verdict check_additions(const Profile& profile, const CertificateRequest& request) {
  if (profile.key_usage != 0 && !profile.adds_key_usage &&
      find_extension(request.extensions(), oids::kKeyUsage) == nullptr) {
    return refuse("key_usage_not_validated",
                  "the request names no key usage, and the profile does not say that it adds one");
  }
  if (!profile.extended_key_usage.empty() && !profile.adds_purposes &&
      find_extension(request.extensions(), oids::kExtendedKeyUsage) == nullptr) {
    return refuse("eku_not_validated",
                  "the request names no extended key usage, and the profile does not say that it adds one");
  }
  return std::nullopt;
}

std::vector<Oid> without_repeats(const std::vector<Oid>& purposes) {
  std::vector<Oid> each;
  for (const Oid& purpose : purposes) {
    if (std::ranges::find(each, purpose) == each.end()) each.push_back(purpose);
  }
  return each;
}

}  // namespace

std::optional<Violation> check_request(const Profile& profile, const CertificateRequest& request,
                                       std::span<const Sha256Value> own_keys, const Vouched& vouched) {
  if (Verdict verdict = check_key(profile, request.public_key(), own_keys)) return verdict;
  if (Verdict verdict = check_subject(profile, request)) return verdict;
  for (const Extension& extension : request.extensions()) {
    if (Verdict verdict = check_extension(profile, extension, vouched)) return verdict;
  }
  if (vouched.names) {
    if (Verdict verdict = check_additions(profile, request)) return verdict;
  }
  for (const RequestAttribute& attribute : request.other_attributes()) {
    if (!(attribute.type == oids::kMsEnrollmentNameValuePair)) continue;
    if (Verdict verdict = check_name_value_pairs(attribute)) return verdict;
  }
  return std::nullopt;
}

GrantedUsage granted_usage(const Profile& profile, const CertificateRequest& request) {
  GrantedUsage granted{profile.key_usage, profile.extended_key_usage};
  if (const Extension* usage = find_extension(request.extensions(), oids::kKeyUsage)) {
    granted.key_usage = parse_key_usage(usage->value).value_or(profile.key_usage);
  }
  if (const Extension* purposes = find_extension(request.extensions(), oids::kExtendedKeyUsage)) {
    granted.extended_key_usage =
        without_repeats(parse_extended_key_usage(purposes->value).value_or(profile.extended_key_usage));
  }
  return granted;
}

}  // namespace certspan::pki
