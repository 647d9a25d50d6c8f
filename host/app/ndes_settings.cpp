#include "host/app/ndes_settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace certspan {
namespace {

constexpr std::string_view kRoot = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP";
constexpr std::string_view kDefaultTemplate = "IPSECIntermediateOffline";

/// Values that are read here, or are NDES's own and mean nothing elsewhere; those below a key of the same
/// name are marked.
constexpr std::array<std::string_view, 4> kDirect = {"signaturetemplate", "encryptiontemplate",
                                                     "generalpurposetemplate", ""};
constexpr std::array<std::string_view, 6> kNested = {
    "enforcepassword", "usesinglepassword", "passwordmax", "passwordvalidity", "catype", "cainfo"};

std::string lower_case(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return copy;
}

/// The part of a key below MSCEP in lower case; nullopt for keys elsewhere.
std::optional<std::string> below_root(const std::string& key) {
  const std::string folded = lower_case(key);
  const std::string root = lower_case(kRoot);
  if (!folded.starts_with(root)) return std::nullopt;
  const std::string rest = folded.substr(root.size());
  if (rest.empty()) return rest;
  return rest.front() == '\\' ? std::optional(rest.substr(1)) : std::nullopt;
}

class NdesReader {
 public:
  explicit NdesReader(const RegistryExport& registry) : registry_(registry) {}

  Result<NdesSettings> read() {
    CERTSPAN_CHECK(find_ndes());
    CERTSPAN_TRY(ndes_.signature_template, text("SignatureTemplate"));
    CERTSPAN_TRY(ndes_.encryption_template, text("EncryptionTemplate"));
    CERTSPAN_TRY(ndes_.general_template, text("GeneralPurposeTemplate"));
    CERTSPAN_TRY(ndes_.password_minutes, number("PasswordValidity", ndes_.password_minutes));
    CERTSPAN_TRY(ndes_.most_passwords, number("PasswordMax", ndes_.most_passwords));
    CERTSPAN_TRY(const std::uint64_t type, number("CAType", 1));
    ndes_.enterprise_ca = type != 0;
    CERTSPAN_CHECK(read_challenge());
    CERTSPAN_CHECK(read_ca());
    list_what_is_left();
    return std::move(ndes_);
  }

 private:
  Result<void> find_ndes() const {
    for (const std::string& key : registry_.keys()) {
      if (below_root(key)) return {};
    }
    return fail(Outcome::Invalid, "import.no_ndes",
                "the export holds no settings of NDES: nothing stands below " + std::string(kRoot) +
                    "; make it on the machine with NDES: reg export "
                    "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP ndes.reg");
  }

  /// A value stands below a key of its own name, as most do, or in MSCEP itself.
  const RegistryValue* find(const std::string& name) const {
    const std::string root(kRoot);
    const RegistryValue* nested = registry_.find(root + "\\" + name, name);
    return nested != nullptr ? nested : registry_.find(root, name);
  }

  static tl::unexpected<Error> wrong(const RegistryValue& value, const char* wanted) {
    return fail(Outcome::Invalid, "import.bad_ndes",
                fmt::format("line {}: {} has to be {}", value.line, value.name, wanted));
  }

  Result<std::string> text(const std::string& name) const {
    const RegistryValue* value = find(name);
    if (value == nullptr) return std::string(kDefaultTemplate);
    const auto* found = std::get_if<std::string>(&value->data);
    if (found == nullptr) return wrong(*value, "a string");
    return *found;
  }

  Result<std::uint64_t> number(const std::string& name, std::uint64_t otherwise) const {
    const RegistryValue* value = find(name);
    if (value == nullptr) return otherwise;
    const auto* found = std::get_if<std::uint64_t>(&value->data);
    if (found == nullptr) return wrong(*value, "a number (dword)");
    return *found;
  }

  /// A policy module decides before all else; NDES asks it in the place of its own passwords.
  Result<void> read_challenge() {
    CERTSPAN_TRY(const std::uint64_t enforced, number("EnforcePassword", 1));
    CERTSPAN_TRY(const std::uint64_t single, number("UseSinglePassword", 0));
    const std::string root(kRoot);
    if (registry_.has_key(root + "\\Modules\\Policy") || registry_.has_key(root + "\\Modules\\NDESPolicy")) {
      ndes_.challenge = NdesChallenge::PolicyModule;
    } else if (enforced == 0) {
      ndes_.challenge = NdesChallenge::None;
    } else if (single != 0) {
      ndes_.challenge = NdesChallenge::OnePassword;
    }
    return {};
  }

  Result<void> read_ca() {
    const RegistryValue* value = registry_.find(std::string(kRoot) + "\\CAInfo", "Configuration");
    if (value == nullptr) return {};
    const auto* found = std::get_if<std::string>(&value->data);
    if (found == nullptr) return wrong(*value, "a string");
    ndes_.ca = *found;
    return {};
  }

  void list_what_is_left() {
    for (const std::string& key : registry_.keys()) {
      const auto below = below_root(key);
      if (!below || below->starts_with("modules")) continue;
      const std::string shown = below->empty() ? "" : key.substr(kRoot.size() + 1) + "\\";
      for (const RegistryValue* value : registry_.values(key)) {
        if (!is_known(*below, lower_case(value->name))) ndes_.not_taken.push_back(shown + value->name);
      }
    }
  }

  static bool is_known(const std::string& key, const std::string& name) {
    if (name.empty() || std::ranges::find(kDirect, name) != kDirect.end()) return true;
    if (key == "cainfo" && name == "configuration") return true;
    return std::ranges::find(kNested, name) != kNested.end() && (key == name || key.empty());
  }

  const RegistryExport& registry_;
  NdesSettings ndes_;
};

}  // namespace

Result<NdesSettings> read_ndes_settings(const RegistryExport& registry) {
  return NdesReader(registry).read();
}

}  // namespace certspan
