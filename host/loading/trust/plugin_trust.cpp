#include "host/loading/trust/plugin_trust.hpp"

#include <algorithm>
#include <utility>

#include "host/base/bytes.hpp"

namespace certspan {
namespace {

constexpr std::size_t kSha256Digits = 64;
constexpr std::string_view kAllBelow = ".*";

char to_lower_hex(char c) {
  return c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string lower_hex(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), to_lower_hex);
  return lower;
}

Result<void> check_pin(const PluginEvidence& evidence, const std::string& pin) {
  if (lower_hex(pin) == evidence.sha256) return {};
  return fail(Outcome::Invalid, "plugin.pin_mismatch",
              "its SHA-256 is " + std::string(evidence.sha256) + ", `plugins: pins:` says " + pin +
                  "; if this file is the one you want, change the pin");
}

bool is_in_own_directory(const PluginEvidence& evidence, const PluginTrust& trust) {
  return std::ranges::any_of(trust.own_dirs, [&](const std::filesystem::path& dir) {
    std::error_code error;
    return std::filesystem::canonical(dir, error) == evidence.directory && !error;
  });
}

bool is_plain_word(std::string_view id) {
  return id.find('.') == std::string_view::npos;
}

bool is_of_program(uid_t owner, const PluginTrust& trust) {
  return owner == 0 || owner == trust.program_owner;
}

bool is_shipped(const PluginEvidence& evidence, const PluginTrust& trust) {
  return is_plain_word(evidence.id) && is_in_own_directory(evidence, trust) &&
         is_of_program(evidence.file_owner, trust) && is_of_program(evidence.directory_owner, trust);
}

/// What an admin can do about a file that nothing speaks for.
std::string how_to_trust(const PluginEvidence& evidence) {
  return "list the vendor's key with this id under `plugins: trust: keys:`, or pin this very file: `plugins: "
         "pins: { " +
         std::string(evidence.id) + ": " + std::string(evidence.sha256) + " }`";
}

tl::unexpected<Error> not_signed(const PluginEvidence& evidence, const PluginTrust& trust) {
  std::string reason = "nothing says that it may be trusted: there is no signature file " +
                       signature_path(std::string(evidence.id) + ".so").string() + " beside it";
  if (is_plain_word(evidence.id) && is_in_own_directory(evidence, trust)) {
    reason +=
        ", and it does not belong to root or to the owner of the certspan program, as Certspan's own do";
  }
  return fail(Outcome::Invalid, "plugin.unsigned",
              reason + "; put the vendor's there and " + how_to_trust(evidence));
}

const TrustedSigner* signer_of(const PluginSignature& signature, const PluginTrust& trust) {
  const auto found = std::ranges::find_if(
      trust.signers, [&](const TrustedSigner& signer) { return signer.key.id() == signature.key_id; });
  return found == trust.signers.end() ? nullptr : &*found;
}

tl::unexpected<Error> unknown_signer(const PluginSignature& signature, const PluginEvidence& evidence) {
  return fail(Outcome::Invalid, "plugin.unknown_signer",
              "it is signed with the key " + signature.key_id +
                  ", which is none of those in `plugins: trust: keys:`; if you know whose it is, " +
                  how_to_trust(evidence));
}

Result<TrustGround> judge_signature(const PluginEvidence& evidence, const PluginTrust& trust) {
  const TrustGround as_it_is{TrustGround::Kind::Unsigned};
  if (!evidence.signature) {
    if (trust.danger_allow_unsigned) return as_it_is;
    return not_signed(evidence, trust);
  }
  CERTSPAN_TRY(const PluginSignature signature, parse_signature(*evidence.signature));
  const TrustedSigner* signer = signer_of(signature, trust);
  if (signer == nullptr) {
    if (trust.danger_allow_unsigned) return as_it_is;
    return unknown_signer(signature, evidence);
  }
  if (signer->key.has_signed(evidence.sha256, signature)) {
    return TrustGround{TrustGround::Kind::Signed, signer->name};
  }
  return fail(Outcome::Invalid, "plugin.wrong_signature",
              "it is not the file that key \"" + signer->name + "\" signed (its SHA-256 is " +
                  std::string(evidence.sha256) +
                  "): file or signature were changed or belong to different versions; get both again from "
                  "the vendor, or sign the file anew");
}

}  // namespace

bool TrustedSigner::may_sign(std::string_view id) const {
  return std::ranges::any_of(ids, [&](std::string_view allowed) {
    if (!allowed.ends_with(kAllBelow)) return allowed == id;
    allowed.remove_suffix(1);  // the dot stays, so that com.acme.* is not com.acmeville.ca
    return id.starts_with(allowed) && id.size() > allowed.size();
  });
}

std::string_view to_string(TrustGround::Kind kind) {
  switch (kind) {
    case TrustGround::Kind::Shipped:
      return "shipped";
    case TrustGround::Kind::Pinned:
      return "pinned";
    case TrustGround::Kind::Signed:
      return "signed";
    case TrustGround::Kind::Unsigned:
      return "unsigned";
  }
  return "";
}

std::string to_string(const TrustGround& ground) {
  std::string text(to_string(ground.kind));
  if (ground.kind == TrustGround::Kind::Signed) text += " by \"" + ground.signer + "\"";
  return text;
}

Result<TrustGround> judge_plugin(const PluginEvidence& evidence, const PluginTrust& trust) {
  if (trust.revoked.contains(evidence.sha256)) {
    return fail(Outcome::Invalid, "plugin.revoked",
                "its SHA-256, " + std::string(evidence.sha256) +
                    ", stands in the list of `plugins: trust: revoked_file:`; install another version");
  }
  if (const auto taken_back = trust.quarantined.find(evidence.sha256);
      taken_back != trust.quarantined.end()) {
    return fail(Outcome::Invalid, "plugin.quarantined",
                "this version is quarantined (" + taken_back->second +
                    "); use another one, or run: certspan plugin quarantine --release " +
                    std::string(evidence.sha256));
  }
  if (const auto pin = trust.pins.find(evidence.id); pin != trust.pins.end()) {
    CERTSPAN_CHECK(check_pin(evidence, pin->second));
    return TrustGround{TrustGround::Kind::Pinned};
  }
  if (is_shipped(evidence, trust) || trust.kept.contains(evidence.sha256))
    return TrustGround{TrustGround::Kind::Shipped};
  return judge_signature(evidence, trust);
}

Result<void> check_signer(const TrustGround& ground, std::string_view id, const PluginTrust& trust) {
  if (ground.kind != TrustGround::Kind::Signed) return {};
  std::string allowed;
  for (const TrustedSigner& signer : trust.signers) {
    if (signer.name != ground.signer) continue;
    if (signer.may_sign(id)) return {};
    for (const std::string& each : signer.ids) allowed += (allowed.empty() ? "" : ", ") + each;
  }
  return fail(Outcome::Invalid, "plugin.signer_not_allowed",
              "key \"" + ground.signer + "\" signed it, which `plugins: trust: keys:` lets sign " + allowed +
                  " and not " + std::string(id) +
                  "; ask its vendor why, or add the id to that key if the vendor may ship it");
}

std::filesystem::path signature_path(std::filesystem::path plugin) {
  plugin += ".sig";
  return plugin;
}

Result<std::set<std::string, std::less<>>> parse_revoked_list(std::string_view text) {
  std::set<std::string, std::less<>> revoked;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
    const auto digits = line.substr(0, line.find_first_of(" \t"));
    if (digits.size() != kSha256Digits || !from_hex(digits)) {
      return fail(
          Outcome::Invalid, "plugin.bad_revoked_list",
          "line " + std::to_string(number) +
              " does not begin with a SHA-256, 64 hexadecimal digits as `sha256sum FILE` prints them");
    }
    revoked.insert(lower_hex(digits));
  }
  return revoked;
}

}  // namespace certspan
