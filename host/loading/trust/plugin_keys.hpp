#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/loading/trust/signature_file.hpp"

struct evp_pkey_st;

namespace certspan {

struct FreePluginKey {
  void operator()(evp_pkey_st* key) const;
};
using PluginKeyHandle = std::unique_ptr<evp_pkey_st, FreePluginKey>;

/// A file with a public key is never larger; who reads one stops there.
inline constexpr std::size_t kLargestPublicKeyFile = 16UL * 1024;

/// A public key that signatures of plugins are held against. Immutable, thread-safe.
class PluginPublicKey {
 public:
  /// From PEM, "BEGIN PUBLIC KEY" (SPKI, RFC 5280 section 4.1): one Ed25519 or P-256 key and nothing else but
  /// blanks. Error plugin.bad_key, which leaves the file's name to the caller.
  static Result<PluginPublicKey> from_pem(std::string_view pem);

  /// SHA-256 of the SPKI in DER, 64 lower-case hexadecimal digits.
  const std::string& id() const { return id_; }
  SignatureAlgorithm algorithm() const { return algorithm_; }
  /// Whether `signature` is this key's over the plugin with that SHA-256 (signed_statement).
  bool has_signed(std::string_view sha256, const PluginSignature& signature) const;

 private:
  friend class PluginPrivateKey;
  static Result<PluginPublicKey> from(PluginKeyHandle key);
  PluginPublicKey(PluginKeyHandle key, SignatureAlgorithm algorithm, std::string id)
      : key_(std::move(key)), algorithm_(algorithm), id_(std::move(id)) {}

  PluginKeyHandle key_;
  SignatureAlgorithm algorithm_;
  std::string id_;
};

/// A vendor's key that signs plugins. For one thread.
class PluginPrivateKey {
 public:
  /// From PEM, PKCS #8 (RFC 5958): "BEGIN PRIVATE KEY", or "BEGIN ENCRYPTED PRIVATE KEY" with its passphrase.
  /// Errors, which leave the file's name to the caller: plugin.bad_key; plugin.passphrase, if one is needed
  /// or the wrong one was given.
  static Result<PluginPrivateKey> from_pem(const Secret& pem, const Secret* passphrase);

  const std::string& id() const { return public_.id(); }
  /// Signs the plugin with that SHA-256. Error plugin.sign_failed.
  Result<PluginSignature> sign(std::string_view sha256) const;

 private:
  explicit PluginPrivateKey(PluginPublicKey key) : public_(std::move(key)) {}

  PluginPublicKey public_;  ///< its handle holds the private half too
};

}  // namespace certspan
