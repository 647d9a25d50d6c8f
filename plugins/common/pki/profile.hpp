// Certificate profiles: what a certificate must look like, and the two checks that fence every issuer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/public_key.hpp"

namespace certspan::pki {

// "rsa>=2048" or one curve.
struct KeyRule {
  KeyKind kind = KeyKind::Rsa;
  int min_bits = 0;
};

// What is done with a Windows security identifier (SID) that a request names in a SAN URI, if a validator has
// found it good: refuse it all the same, let the URI pass, or write it into the SID extension too.
enum class SidRule : std::uint8_t { Refuse, Pass, Extension };

struct Profile {
  bool subject_required = false;        // else a subject alternative name alone is enough
  std::vector<GeneralNameKind> san;     // kinds that may be asked for; none if empty
  bool wildcard_dns = false;            // DNS names may begin with "*."
  KeyUsage key_usage = 0;               // the most that may be asked for, and what is given if nothing is
  std::vector<Oid> extended_key_usage;  // likewise
  std::int64_t validity_seconds = 0;
  std::vector<KeyRule> keys;
  SidRule sid = SidRule::Refuse;
  // What may be added to a request whose names and usages a device-management service has compared: without
  // these words the profile only narrows what such a request asks for.
  bool adds_key_usage = false;
  bool adds_purposes = false;
};

// What the validators before have said of a request.
struct Vouched {
  // A device-management service compared subject, alternative names, key usages and purposes.
  bool names = false;
  std::string_view sid;  // the one security identifier that it may name, "" for none
};

// A fault of a profile's JSON, at the place that a JSON pointer names ("/san/1").
struct ProfileFault {
  std::string pointer;
  std::string message;
};

// Reads a profile from JSON text:
//   { "subject": "from_request", "subject_required": false, "san": ["dns","dns_wildcard","upn"], "key_usage":
//   ["digital_signature"],
//     "eku": ["client_auth"], "validity": "365d", "keys": ["rsa>=2048","p256"], "sid": "refuse", "adds":
//     ["eku"] }
// Every key is optional; the defaults are subject from the request, no SAN, digital_signature, client_auth,
// 365d, rsa>=2048, p256 and p384, SIDs refused, nothing added. All faults are reported at once. Never throws.
tl::expected<Profile, std::vector<ProfileFault>> parse_profile(std::string_view json);

// The JSON Schema (draft-07 object) of the above, for a plugin's published schema.
std::string_view profile_json_schema();

// Why a request or certificate is refused. `code` is a stable word for `why` and tests, `message` says what
// was found, for logs; neither is for devices.
enum class ViolationKind : std::uint8_t {
  BadAlg,      // a key or algorithm that is weak or not allowed
  BadRequest,  // more than the profile allows
  Malformed,   // a part of the request that can't be read
};
struct Violation {
  ViolationKind kind = ViolationKind::BadRequest;
  std::string code;
  std::string message;
};

// Whether a request asks for no more than the profile gives. `own_keys` are SHA-256 digests of the
// SubjectPublicKeyInfos of our own CA, RA and other keys, which nobody else may have certified. Nothing means
// that it may be issued. A signed request can't be trimmed, so what should not be there is refused, not
// dropped; but what Windows puts into every request of its own accord (its template, its mail ciphers)
// decides nothing and is let be.
std::optional<Violation> check_request(const Profile& profile, const CertificateRequest& request,
                                       std::span<const Sha256Value> own_keys, const Vouched& vouched = {});

// Whether what an issuer handed back is what was asked for: the request's key and subject, signed by
// `chain[0]` and so on up the chain (the issuing CA first), CA:FALSE, nothing beyond request and profile, the
// SID extension exactly where the profile has it written, validity within the profile's length, the CA's life
// and around `now` (seconds since 1970). Requires: check_request found nothing.
std::optional<Violation> check_certificate(const Profile& profile, const CertificateRequest& request,
                                           const Certificate& certificate, std::span<const Certificate> chain,
                                           std::int64_t now);

// The key usage and purposes that a certificate for this request gets: what the request asks for if it does,
// else the profile's. Requires: check_request found nothing.
struct GrantedUsage {
  KeyUsage key_usage = 0;
  std::vector<Oid> extended_key_usage;
};
GrantedUsage granted_usage(const Profile& profile, const CertificateRequest& request);

}  // namespace certspan::pki
