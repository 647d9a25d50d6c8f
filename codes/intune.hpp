// Intune's codes of the SCEP validation, and the numbers that Intune is told when a request fails here. The
// plugin works with them and `certspan explain` tells of them. Includes nothing but the contract: host and
// plugins may both include it. docs/intune.md lists both for people.
#pragma once

#include <cstdint>
#include <string_view>

#include <certspan/abi/base.h>

namespace certspan::codes {

/// One of the codes that Intune's clients know, all but Success.
struct IntuneScepCode {
  std::string_view name;
  std::int32_t outcome;     ///< CERTSPAN_REJECTED, _INVALID, or _UNAVAILABLE: it says nothing of the request
  std::string_view code;    ///< ours: "intune.challenge_expired"
  std::string_view advice;  ///< what it means and what an administrator can do; no full stop
};

inline constexpr IntuneScepCode kIntuneScepCodes[] = {
    {"Unknown", CERTSPAN_UNAVAILABLE, "intune.unknown",
     "Intune gives no reason; ask Microsoft's support with the activity id if it stays so"},
    {"CertificateRequestDecodingFailed", CERTSPAN_INVALID, "intune.request_not_read",
     "Intune can't read the certificate request; look at what the device sends"},
    {"ChallengePasswordMissing", CERTSPAN_REJECTED, "intune.challenge_missing",
     "the request holds no challenge; the device must enrol by an Intune SCEP profile"},
    {"ChallengeDeserializationError", CERTSPAN_REJECTED, "intune.challenge_not_read",
     "the challenge opens and can't be read; sync the device, so that it gets a new one"},
    {"ChallengeDecryptionError", CERTSPAN_REJECTED, "intune.challenge_not_opened",
     "Intune can't decrypt the challenge; is it of another tenant? sync the device, so that it gets a new "
     "one"},
    {"ChallengeDecodingError", CERTSPAN_REJECTED, "intune.challenge_altered",
     "the challenge is no blob of Intune's; it was altered on the way, or never was one"},
    {"ChallengeInvalidTimestamp", CERTSPAN_REJECTED, "intune.challenge_time",
     "the challenge's time is not possible; look at the clocks, and sync the device"},
    {"ChallengeExpired", CERTSPAN_REJECTED, "intune.challenge_expired",
     "the challenge is older than an hour; the device gets a new one at its next check-in"},
    {"SubjectNameMissing", CERTSPAN_REJECTED, "intune.subject_missing",
     "the request has no subject, and the profile wants one; look at the profile's subject format"},
    {"SubjectNameMismatch", CERTSPAN_REJECTED, "intune.subject_mismatch",
     "the subject is not what the profile says"},
    {"SubjectAltNameMissing", CERTSPAN_REJECTED, "intune.san_missing",
     "the request has no alternative name, and the profile wants one"},
    {"SubjectAltNameMismatch", CERTSPAN_REJECTED, "intune.san_mismatch",
     "the alternative names are not what the profile says"},
    {"KeyUsageMismatch", CERTSPAN_REJECTED, "intune.key_usage_mismatch",
     "the key usage is not what the profile says"},
    {"KeyLengthMismatch", CERTSPAN_REJECTED, "intune.key_length_mismatch",
     "the key's size is not what the profile says"},
    {"EnhancedKeyUsageMissing", CERTSPAN_REJECTED, "intune.eku_missing",
     "the request has no extended key usage, and the profile wants one"},
    {"EnhancedKeyUsageMismatch", CERTSPAN_REJECTED, "intune.eku_mismatch",
     "the extended key usage is not what the profile says"},
    {"AadKeyIdentifierListMissing", CERTSPAN_REJECTED, "intune.key_not_registered",
     "Entra knows no registered key of the device; look at its registration"},
    {"RegisteredKeyMismatch", CERTSPAN_REJECTED, "intune.other_key_registered",
     "the key is not the one that the device has registered in Entra"},
    {"SigningCertThumbprintMismatch", CERTSPAN_REJECTED, "intune.challenge_signer",
     "the challenge is signed by another certificate than Intune expects; sync the device, and ask "
     "Microsoft's support with the activity id if it stays so"},
    {"ScepProfileNoLongerTargetedToTheClient", CERTSPAN_REJECTED, "intune.profile_withdrawn",
     "the SCEP profile is no longer assigned to the device or its user, or the device has left management"},
    {"SignatureValidationFailed", CERTSPAN_REJECTED, "intune.challenge_forged",
     "the challenge's signature is wrong: somebody may be trying a forged one"},
    {"BadCertificateRequestIdInChallenge", CERTSPAN_REJECTED, "intune.challenge_of_other_request",
     "the challenge was made for another request"},
    {"BadDeviceIdInChallenge", CERTSPAN_REJECTED, "intune.challenge_of_other_device",
     "the challenge was made for another device"},
    {"BadUserIdInChallenge", CERTSPAN_REJECTED, "intune.challenge_of_other_user",
     "the challenge was made for another user"},
};

/// A failure, customer bit set, facility 0x0C5: the first of 65536 numbers.
inline constexpr std::uint32_t kFirstHresult = 0xA0C5'0000U;

/// What stands in the Intune console. Numbers are never used again for something else.
struct Hresult {
  std::uint32_t number;  ///< beyond kFirstHresult
  std::string_view meaning;
};

inline constexpr Hresult kHresults[] = {
    {0x01, "refused, by the CA or by a rule that has no number of its own"},
    {0x02, "the request is malformed"},
    {0x03, "the CA doesn't do what was asked"},
    {0x04, "the CA could not be reached in time"},
    {0x05, "what became of the request at the CA is not known"},
    {0x06, "given up, by a person"},
    {0x07, "a fault of Certspan or of a plugin"},
    {0x20, "the key is too weak, or of a kind that the profile here doesn't have"},
    {0x21, "the request brings a security identifier"},
    {0x22, "an alternative name that the profile here doesn't have"},
    {0x23, "a key usage or extended key usage that the profile here doesn't have"},
    {0x24, "an extension or attribute that no profile allows"},
    {0x25, "the key or the name of one of your CAs"},
    {0x26, "the CA's certificate is not what was asked for"},
    {0x30, "the request's time was over"},
};

/// The numbers of certain codes of ours; all others go by their outcome.
struct HresultOfCode {
  std::string_view code;
  std::uint32_t number;
};

inline constexpr HresultOfCode kHresultsOfCodes[] = {
    {"profile.weak_key", 0x20},
    {"profile.key_not_allowed", 0x20},
    {"profile.unsupported_algorithm", 0x20},
    {"profile.sid_extension", 0x21},
    {"profile.sid_uri", 0x21},
    {"profile.sid_not_validated", 0x21},
    {"profile.san_not_allowed", 0x22},
    {"profile.wildcard_not_allowed", 0x22},
    {"profile.eku_not_allowed", 0x23},
    {"profile.key_usage_not_allowed", 0x23},
    {"profile.eku_not_validated", 0x23},
    {"profile.key_usage_not_validated", 0x23},
    {"profile.extension_not_allowed", 0x24},
    {"profile.attribute_not_allowed", 0x24},
    {"profile.ca_true", 0x24},
    {"profile.own_key", 0x25},
    {"profile.ca_name", 0x25},
    {"profile.certificate_mismatch", 0x26},
    {"fence.key_compromised", 0x20},
    {"item.deadline", 0x30},
};

}  // namespace certspan::codes
