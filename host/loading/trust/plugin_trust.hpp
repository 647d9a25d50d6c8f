#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"
#include "host/loading/trust/plugin_keys.hpp"

namespace certspan {

/// A key whose signature lets plugins in, if they have one of its ids.
struct TrustedSigner {
  std::string name;  ///< as the configuration calls it
  PluginPublicKey key;
  std::vector<std::string> ids;  ///< "com.acme.ca", or "com.acme.*" for all below com.acme

  bool may_sign(std::string_view id) const;
};

/// What lets a plugin in, and what keeps it out. Immutable once made, then thread-safe.
struct PluginTrust {
  std::vector<TrustedSigner> signers;
  /// Plugin id to SHA-256 of its file, 64 hexadecimal digits: this file and no other, signed or not.
  std::map<std::string, std::string, std::less<>> pins;
  /// SHA-256 of files that are never let in, 64 lower-case hexadecimal digits.
  std::set<std::string, std::less<>> revoked;
  /// SHA-256 of files that a swap took back, and why: not let in either.
  std::map<std::string, std::string, std::less<>> quarantined{};
  /// SHA-256 of files that were among the program's own when a swap let them in.
  std::set<std::string, std::less<>> kept{};
  /// The directories of the program's own plugins: files there whose id is a plain word are its own too, if
  /// they belong to root or to `program_owner`, who can as well replace the program.
  std::vector<std::filesystem::path> own_dirs;
  uid_t program_owner = 0;
  bool danger_allow_unsigned = false;
};

/// Why a plugin was let in.
struct TrustGround {
  enum class Kind : std::uint8_t {
    Shipped,   ///< it is one of the program's own
    Pinned,    ///< the configuration names its SHA-256
    Signed,    ///< by a key that the configuration names
    Unsigned,  ///< nothing speaks for it but `danger_allow_unsigned`
  };

  Kind kind = Kind::Unsigned;
  std::string signer{};  ///< name of the key

  bool operator==(const TrustGround&) const = default;
};

/// "shipped", "pinned", "signed", "unsigned".
std::string_view to_string(TrustGround::Kind kind);
/// For people: "signed by \"acme\"".
std::string to_string(const TrustGround& ground);

/// A plugin's file as trust sees it.
struct PluginEvidence {
  std::string_view id;                ///< by the name of its file
  std::string_view sha256;            ///< of the bytes that will be mapped, 64 lower-case hexadecimal digits
  std::filesystem::path directory{};  ///< canonical
  uid_t file_owner = 0;
  uid_t directory_owner = 0;
  std::optional<std::string> signature{};  ///< content of the signature file; nothing if there is none
};

/// Decides, in this order: revoked, quarantined, pinned, shipped, signed, `danger_allow_unsigned`. A
/// signature that is there and can't be right (malformed, or not over this file) is refused even with the
/// last.
///
/// Errors: plugin.revoked, plugin.quarantined, plugin.pin_mismatch, plugin.bad_signature (malformed),
/// plugin.unknown_signer (by a key that is not listed), plugin.wrong_signature (not over this file),
/// plugin.unsigned.
Result<TrustGround> judge_plugin(const PluginEvidence& evidence, const PluginTrust& trust);

/// Whether the one who signed may sign for `id`, which the file's note says. Error plugin.signer_not_allowed.
Result<void> check_signer(const TrustGround& ground, std::string_view id, const PluginTrust& trust);

/// The signature file of a plugin: `NAME.so.sig` beside it.
std::filesystem::path signature_path(std::filesystem::path plugin);

/// Reads a list of revoked files: lines of 64 hexadecimal digits, each with what people like to say behind
/// it, as sha256sum prints them; blank lines and lines that begin with # don't count. Error
/// plugin.bad_revoked_list names the line.
Result<std::set<std::string, std::less<>>> parse_revoked_list(std::string_view text);

}  // namespace certspan
