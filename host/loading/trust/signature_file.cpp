#include "host/loading/trust/signature_file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <openssl/evp.h>

namespace certspan {
namespace {

constexpr std::string_view kFirstLine = "certspan plugin signature 1";
constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kEd25519Size = 64;
constexpr std::size_t kShortestEcdsa = 8;  // SEQUENCE of two INTEGERs of one byte
constexpr std::size_t kLongestEcdsa = 72;  // of two of 33 bytes
constexpr std::array kAlgorithms = {SignatureAlgorithm::Ed25519, SignatureAlgorithm::EcdsaP256};

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(Outcome::Invalid, "plugin.bad_signature",
              "its signature file " + what + "; get the file again, or make one with `certspan plugin sign`");
}

/// The text before the next newline, which is taken away with it; nothing if there is no newline.
std::optional<std::string_view> take_signature_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// What stands behind "name: " in the next line.
std::optional<std::string_view> take_field(std::string_view& text, std::string_view name) {
  const auto line = take_signature_line(text);
  const std::string label = std::string(name) + ": ";
  if (!line || !line->starts_with(label)) return std::nullopt;
  return line->substr(label.size());
}

std::string to_base64(BytesView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock writes a zero behind it
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// The canonical form only: what is decoded has to encode to the same text.
std::optional<Bytes> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kLargestSignatureFile) return std::nullopt;
  Bytes bytes(text.size() / 4 * 3);
  if (EVP_DecodeBlock(bytes.data(), as_bytes(text).data(), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(bytes.size() - padding);
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

bool has_size_of(SignatureAlgorithm algorithm, std::size_t size) {
  if (algorithm == SignatureAlgorithm::Ed25519) return size == kEd25519Size;
  return size >= kShortestEcdsa && size <= kLongestEcdsa;
}

}  // namespace

std::string_view to_string(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::Ed25519:
      return "ed25519";
    case SignatureAlgorithm::EcdsaP256:
      return "ecdsa-p256-sha256";
  }
  return "";
}

Result<PluginSignature> parse_signature(std::string_view text) {
  if (text.size() > kLargestSignatureFile) return malformed("is larger than one can be");
  if (take_signature_line(text) != kFirstLine) {
    return malformed("does not begin with \"" + std::string(kFirstLine) + "\"");
  }
  const auto algorithm = take_field(text, "algorithm");
  const auto* const known =
      std::ranges::find_if(kAlgorithms, [&](SignatureAlgorithm one) { return to_string(one) == algorithm; });
  if (known == kAlgorithms.end()) {
    return malformed("names no algorithm that is known: ed25519 or ecdsa-p256-sha256");
  }
  const auto key = take_field(text, "key");
  if (!key || key->size() != kIdDigits ||
      key->find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return malformed("names no key by 64 lower-case hexadecimal digits");
  }
  const auto encoded = take_field(text, "signature");
  auto value = encoded ? from_base64(*encoded) : std::nullopt;
  if (!value || !has_size_of(*known, value->size())) {
    return malformed("has no signature of its algorithm in base64, or is cut off");
  }
  if (!text.empty()) return malformed("has something behind the signature");
  return PluginSignature{*known, std::string(*key), std::move(*value)};
}

std::string signature_text(const PluginSignature& signature) {
  return std::string(kFirstLine) + "\nalgorithm: " + std::string(to_string(signature.algorithm)) +
         "\nkey: " + signature.key_id + "\nsignature: " + to_base64(signature.value) + "\n";
}

std::string signed_statement(std::string_view sha256) {
  return std::string(kFirstLine) + "\nsha256: " + std::string(sha256) + "\n";
}

}  // namespace certspan
