#include "plugins/intune/scep_validator/scep_answer.hpp"

#include <algorithm>
#include <array>

#include "plugins/common/connector/strict_json.hpp"
#include "plugins/intune/service/answers.hpp"

namespace certspan::intune {
namespace {

using sdk::Outcome;

constexpr std::size_t kLargestAnswer = 64UL * 1024;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestWords = 200;

constexpr std::array<ScepCode, 24> kCodes = {{
    {"Unknown", Outcome::Unavailable, "intune.unknown",
     "Intune gives no reason; ask Microsoft's support with the activity id if it stays so"},
    {"CertificateRequestDecodingFailed", Outcome::Invalid, "intune.request_not_read",
     "Intune can't read the certificate request; look at what the device sends"},
    {"ChallengePasswordMissing", Outcome::Rejected, "intune.challenge_missing",
     "the request holds no challenge; the device must enrol by an Intune SCEP profile"},
    {"ChallengeDeserializationError", Outcome::Rejected, "intune.challenge_not_read",
     "the challenge opens and can't be read; sync the device, so that it gets a new one"},
    {"ChallengeDecryptionError", Outcome::Rejected, "intune.challenge_not_opened",
     "Intune can't decrypt the challenge; is it of another tenant? sync the device, so that it gets a new "
     "one"},
    {"ChallengeDecodingError", Outcome::Rejected, "intune.challenge_altered",
     "the challenge is no blob of Intune's; it was altered on the way, or never was one"},
    {"ChallengeInvalidTimestamp", Outcome::Rejected, "intune.challenge_time",
     "the challenge's time is not possible; look at the clocks, and sync the device"},
    {"ChallengeExpired", Outcome::Rejected, "intune.challenge_expired",
     "the challenge is older than an hour; the device gets a new one at its next check-in"},
    {"SubjectNameMissing", Outcome::Rejected, "intune.subject_missing",
     "the request has no subject, and the profile wants one; look at the profile's subject format"},
    {"SubjectNameMismatch", Outcome::Rejected, "intune.subject_mismatch",
     "the subject is not what the profile says"},
    {"SubjectAltNameMissing", Outcome::Rejected, "intune.san_missing",
     "the request has no alternative name, and the profile wants one"},
    {"SubjectAltNameMismatch", Outcome::Rejected, "intune.san_mismatch",
     "the alternative names are not what the profile says"},
    {"KeyUsageMismatch", Outcome::Rejected, "intune.key_usage_mismatch",
     "the key usage is not what the profile says"},
    {"KeyLengthMismatch", Outcome::Rejected, "intune.key_length_mismatch",
     "the key's size is not what the profile says"},
    {"EnhancedKeyUsageMissing", Outcome::Rejected, "intune.eku_missing",
     "the request has no extended key usage, and the profile wants one"},
    {"EnhancedKeyUsageMismatch", Outcome::Rejected, "intune.eku_mismatch",
     "the extended key usage is not what the profile says"},
    {"AadKeyIdentifierListMissing", Outcome::Rejected, "intune.key_not_registered",
     "Entra knows no registered key of the device; look at its registration"},
    {"RegisteredKeyMismatch", Outcome::Rejected, "intune.other_key_registered",
     "the key is not the one that the device has registered in Entra"},
    {"SigningCertThumbprintMismatch", Outcome::Rejected, "intune.challenge_signer",
     "the challenge is signed by another certificate than Intune expects; sync the device, and ask "
     "Microsoft's "
     "support with the activity id if it stays so"},
    {"ScepProfileNoLongerTargetedToTheClient", Outcome::Rejected, "intune.profile_withdrawn",
     "the SCEP profile is no longer assigned to the device or its user, or the device has left management"},
    {"SignatureValidationFailed", Outcome::Rejected, "intune.challenge_forged",
     "the challenge's signature is wrong: somebody may be trying a forged one"},
    {"BadCertificateRequestIdInChallenge", Outcome::Rejected, "intune.challenge_of_other_request",
     "the challenge was made for another request"},
    {"BadDeviceIdInChallenge", Outcome::Rejected, "intune.challenge_of_other_device",
     "the challenge was made for another device"},
    {"BadUserIdInChallenge", Outcome::Rejected, "intune.challenge_of_other_user",
     "the challenge was made for another user"},
}};

}  // namespace

std::optional<ScepAnswer> read_scep_answer(std::string_view text) {
  if (text.size() > kLargestAnswer) return std::nullopt;
  const auto root = connector::parse_strict_json(text);
  if (!root || !root->is_object()) return std::nullopt;
  const std::string* const code = connector::string_member(*root, "code");
  if (code == nullptr || code->empty()) return std::nullopt;
  ScepAnswer answer{*code, {}};
  const auto said = root->find("errorDescription");
  if (said == root->end() || said->is_null()) return answer;
  if (!said->is_string()) return std::nullopt;
  answer.said = one_line(said->get_ref<const std::string&>(), kLongestWords);
  return answer;
}

const ScepCode* find_scep_code(std::string_view name) {
  const auto* const found = std::ranges::find(kCodes, name, &ScepCode::name);
  return found == kCodes.end() ? nullptr : found;
}

sdk::Answer refusal_of(const ScepAnswer& answer, std::string_view activity) {
  const ScepCode* const known = find_scep_code(answer.code);
  std::string message = "Intune says " + one_line(answer.code, kLongestName) + ": ";
  message += known == nullptr ? "a word that is not known here, which is a no" : known->advice;
  if (!answer.said.empty()) message += " (" + answer.said + ")";
  message.append(" [activity ").append(activity).append("]");
  if (known == nullptr) return sdk::Answer::rejected("intune.refused", message);
  switch (known->outcome) {
    case Outcome::Unavailable:
      return sdk::Answer::unavailable(known->code, message);
    case Outcome::Invalid:
      return sdk::Answer::invalid(known->code, message);
    default:
      return sdk::Answer::rejected(known->code, message);
  }
}

}  // namespace certspan::intune
