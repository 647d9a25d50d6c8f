#include <array>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/profile_schema.hpp"

namespace certspan::pki {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMaxValiditySeconds = 100LL * 366 * 86400;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;

template <class Value>
struct Word {
  std::string_view text;
  Value value;
};

constexpr std::array<Word<GeneralNameKind>, 5> kSanWords = {{
    {"dns", GeneralNameKind::Dns},
    {"email", GeneralNameKind::Email},
    {"uri", GeneralNameKind::Uri},
    {"ip", GeneralNameKind::Ip},
    {"upn", GeneralNameKind::Upn},
}};

// DNS names, and those that begin with "*." too.
constexpr std::string_view kWildcardWord = "dns_wildcard";

constexpr std::array<Word<KeyUsage>, 8> kKeyUsageWords = {{
    {"digital_signature", key_usage::kDigitalSignature},
    {"non_repudiation", key_usage::kNonRepudiation},
    {"content_commitment", key_usage::kNonRepudiation},
    {"key_encipherment", key_usage::kKeyEncipherment},
    {"data_encipherment", key_usage::kDataEncipherment},
    {"key_agreement", key_usage::kKeyAgreement},
    {"encipher_only", key_usage::kEncipherOnly},
    {"decipher_only", key_usage::kDecipherOnly},
}};

constexpr std::array<Word<Oid>, 7> kPurposeWords = {{
    {"client_auth", oids::kClientAuth},
    {"server_auth", oids::kServerAuth},
    {"email_protection", oids::kEmailProtection},
    {"code_signing", oids::kCodeSigning},
    {"time_stamping", oids::kTimeStamping},
    {"ipsec_ike", oids::kIpsecIke},
    {"smartcard_logon", oids::kMsSmartcardLogon},
}};

constexpr std::array<Word<SidRule>, 3> kSidWords = {
    {{"refuse", SidRule::Refuse}, {"pass", SidRule::Pass}, {"extension", SidRule::Extension}}};

constexpr std::array<Word<bool Profile::*>, 2> kAdditionWords = {
    {{"key_usage", &Profile::adds_key_usage}, {"eku", &Profile::adds_purposes}}};

constexpr std::array<Word<KeyKind>, 3> kCurveWords = {{
    {"p256", KeyKind::EcP256},
    {"p384", KeyKind::EcP384},
    {"p521", KeyKind::EcP521},
}};

template <class Words>
std::string list_words(const Words& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word.text);
  return text;
}

template <class Value, std::size_t size>
std::optional<Value> find_word(const std::array<Word<Value>, size>& words, std::string_view text) {
  for (const Word<Value>& word : words) {
    if (word.text == text) return word.value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  static constexpr std::array<Word<std::int64_t>, 5> kUnits = {
      {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}}};
  if (text.size() < 2) return std::nullopt;
  const std::optional<std::int64_t> unit = find_word(kUnits, text.substr(text.size() - 1));
  const std::optional<std::int64_t> count = parse_number(text.substr(0, text.size() - 1));
  if (!unit || !count || *count <= 0 || *count > kMaxValiditySeconds / *unit) return std::nullopt;
  return *count * *unit;
}

// Reads one profile and gathers every fault on the way.
class ProfileReader {
 public:
  tl::expected<Profile, std::vector<ProfileFault>> read(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
      add("", "a profile must be a JSON object");
      return tl::unexpected(std::move(faults_));
    }
    for (const auto& [key, value] : json.items()) read_key(key, value);
    if (!faults_.empty()) return tl::unexpected(std::move(faults_));
    return std::move(profile_);
  }

  ProfileReader() {
    profile_.key_usage = key_usage::kDigitalSignature;
    profile_.extended_key_usage = {oids::kClientAuth};
    profile_.validity_seconds = 365LL * 86400;
    profile_.keys = {{KeyKind::Rsa, kMinRsaBits}, {KeyKind::EcP256, 0}, {KeyKind::EcP384, 0}};
  }

 private:
  void add(const std::string& pointer, std::string message) {
    faults_.push_back({pointer, std::move(message)});
  }

  void read_key(const std::string& key, const Json& value) {
    if (key == "subject") {
      if (value != "from_request") add("/subject", "must be \"from_request\"");
    } else if (key == "subject_required") {
      if (!value.is_boolean()) return add("/subject_required", "must be true or false");
      profile_.subject_required = value.get<bool>();
    } else if (key == "san") {
      profile_.san.clear();
      profile_.wildcard_dns = false;
      read_list(key, value, [this](const std::string& at, const std::string& word) { read_san(at, word); });
    } else if (key == "key_usage") {
      profile_.key_usage = 0;
      read_list(key, value, [this](const std::string& at, const std::string& word) { read_usage(at, word); });
    } else if (key == "eku") {
      profile_.extended_key_usage.clear();
      read_list(key, value,
                [this](const std::string& at, const std::string& word) { read_purpose(at, word); });
    } else if (key == "validity") {
      read_validity(value);
    } else if (key == "keys") {
      profile_.keys.clear();
      read_list(key, value,
                [this](const std::string& at, const std::string& word) { read_key_rule(at, word); });
      if (value.is_array() && value.empty()) add("/keys", "must name at least one kind of key");
    } else if (key == "sid") {
      read_sid(value);
    } else if (key == "adds") {
      profile_.adds_key_usage = profile_.adds_purposes = false;
      read_list(key, value,
                [this](const std::string& at, const std::string& word) { read_addition(at, word); });
    } else {
      add("/" + key,
          "unknown key; a profile has subject, subject_required, san, key_usage, eku, validity, keys, sid, "
          "adds");
    }
  }

  template <class ReadWord>
  void read_list(const std::string& key, const Json& value, ReadWord read_word) {
    if (!value.is_array()) return add("/" + key, "must be a list");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string at = "/" + key + "/" + std::to_string(i);
      if (value[i].is_string()) {
        read_word(at, value[i].get<std::string>());
      } else {
        add(at, "must be a word");
      }
    }
  }

  void read_san(const std::string& at, const std::string& word) {
    if (const auto kind = find_word(kSanWords, word)) {
      profile_.san.push_back(*kind);
    } else if (word == kWildcardWord) {
      profile_.san.push_back(GeneralNameKind::Dns);
      profile_.wildcard_dns = true;
    } else {
      add(at, "unknown kind of name \"" + word + "\"; known are " + list_words(kSanWords) + ", " +
                  std::string(kWildcardWord));
    }
  }

  void read_usage(const std::string& at, const std::string& word) {
    if (const auto bit = find_word(kKeyUsageWords, word)) {
      profile_.key_usage = static_cast<KeyUsage>(profile_.key_usage | *bit);
    } else {
      add(at, "unknown key usage \"" + word + "\"; known are " + list_words(kKeyUsageWords));
    }
  }

  void read_purpose(const std::string& at, const std::string& word) {
    std::optional<Oid> purpose = find_word(kPurposeWords, word);
    if (!purpose) purpose = Oid::from_dotted(word);
    if (!purpose) {
      return add(at, "unknown purpose \"" + word + "\"; known are " + list_words(kPurposeWords) +
                         " and dotted object identifiers");
    }
    // With one of these a device's key speaks for others: for everyone, as enrolment agent, or for the CA.
    if (*purpose == oids::kAnyExtendedKeyUsage || *purpose == oids::kMsEnrollmentAgent ||
        *purpose == oids::kOcspSigning) {
      return add(at, "purpose \"" + word + "\" is not for devices and users");
    }
    profile_.extended_key_usage.push_back(*purpose);
  }

  void read_sid(const Json& value) {
    const auto rule = value.is_string() ? find_word(kSidWords, value.get<std::string>()) : std::nullopt;
    if (!rule) return add("/sid", "must be one of " + list_words(kSidWords));
    profile_.sid = *rule;
  }

  void read_addition(const std::string& at, const std::string& word) {
    const auto addition = find_word(kAdditionWords, word);
    if (!addition) {
      return add(at, "nothing that can be added: \"" + word + "\"; known are " + list_words(kAdditionWords));
    }
    profile_.** addition = true;
  }

  void read_validity(const Json& value) {
    const std::optional<std::int64_t> seconds =
        value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
    if (!seconds)
      return add("/validity", "must be a duration with its unit, such as \"365d\", of at most 100 years");
    profile_.validity_seconds = *seconds;
  }

  void read_key_rule(const std::string& at, const std::string& word) {
    static constexpr std::string_view kRsaPrefix = "rsa>=";
    if (const auto curve = find_word(kCurveWords, word)) {
      profile_.keys.push_back({*curve, 0});
      return;
    }
    if (word.starts_with(kRsaPrefix)) {
      const std::optional<std::int64_t> bits = parse_number(std::string_view(word).substr(kRsaPrefix.size()));
      if (bits && *bits >= kMinRsaBits && *bits <= kMaxRsaBits) {
        profile_.keys.push_back({KeyKind::Rsa, static_cast<int>(*bits)});
        return;
      }
    }
    add(at,
        "unknown kind of key \"" + word + "\"; known are rsa>=2048 (up to 8192), " + list_words(kCurveWords));
  }

  Profile profile_;
  std::vector<ProfileFault> faults_;
};

}  // namespace

tl::expected<Profile, std::vector<ProfileFault>> parse_profile(std::string_view json) {
  return ProfileReader().read(json);
}

std::string_view profile_json_schema() {
  return kProfileSchema;
}

}  // namespace certspan::pki
