#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/journal/audit.hpp"

struct evp_pkey_st;

namespace certspan {

/// The end of the audit chain as it was told outside the host.
struct SignedHead {
  WallMs time = 0;
  AuditHead head;
  std::string key;  ///< public key (Ed25519) that signed it, 64 lower-case hexadecimal digits
};

/// Signs heads of the audit chain with a key of the host. Whoever takes the host over can write the chain
/// anew from then on, but not what was told elsewhere before. Thread-safe.
class HeadSigner {
 public:
  /// Reads the key, `audit.key` in the journal's directory, or makes it. Errors: journal.key.
  static Result<HeadSigner> open(const std::filesystem::path& directory);
  /// The same, but makes nothing.
  static Result<std::optional<HeadSigner>> find(const std::filesystem::path& directory);

  /// One line of plain text without its end, for a file or syslog. Errors: journal.key.
  Result<std::string> sign(const AuditHead& head, WallMs time) const;
  /// As in SignedHead.
  const std::string& key() const { return key_; }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using PrivateKey = std::unique_ptr<evp_pkey_st, Free>;

  HeadSigner(PrivateKey private_key, std::string key)
      : private_key_(std::move(private_key)), key_(std::move(key)) {}

  static Result<HeadSigner> from(BytesView seed);

  PrivateKey private_key_;
  std::string key_;
};

/// A head that stands in a line, whatever stands before it, as the time that syslog adds; nullopt if there is
/// none. Errors: audit.bad_head, if it is cut off or its signature is not its key's.
Result<std::optional<SignedHead>> read_signed_head(std::string_view line);

}  // namespace certspan
