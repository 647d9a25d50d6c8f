#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

namespace certspan {

enum class SignatureAlgorithm : std::uint8_t { Ed25519, EcdsaP256 };

/// "ed25519", "ecdsa-p256-sha256": the words of a signature file.
std::string_view to_string(SignatureAlgorithm algorithm);

/// What stands in `NAME.so.sig`: who signed the file beside it, and the signature.
struct PluginSignature {
  SignatureAlgorithm algorithm = SignatureAlgorithm::Ed25519;
  /// SHA-256 of the signer's public key (SPKI, DER), 64 lower-case hexadecimal digits.
  std::string key_id;
  /// Ed25519: 64 bytes (RFC 8032). ECDSA: Ecdsa-Sig-Value in DER (RFC 3279, section 2.2.3).
  Bytes value;
};

/// A signature file is never larger; who reads one stops there.
inline constexpr std::size_t kLargestSignatureFile = 512;

/// Reads a signature file, version 1. Its text has one form only, four lines that each end in a newline:
///
///     certspan plugin signature 1
///     algorithm: ed25519
///     key: 64 hexadecimal digits
///     signature: base64, padded, in one line
///
/// Error plugin.bad_signature says which line is not so; it leaves the file's name to the caller.
Result<PluginSignature> parse_signature(std::string_view text);

std::string signature_text(const PluginSignature& signature);

/// What is signed: two lines that no other use of a key writes. `sha256` is that of the plugin's file, 64
/// lower-case hexadecimal digits.
std::string signed_statement(std::string_view sha256);

}  // namespace certspan
