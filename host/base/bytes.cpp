#include "host/base/bytes.hpp"

#include <openssl/evp.h>

#include <memory>
#include <new>

namespace certspan {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// One for each thread: looking the algorithm up costs more than hashing a key, and takes a global lock.
EVP_MD_CTX* sha256_context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigest> context = [] {
    std::unique_ptr<EVP_MD_CTX, FreeDigest> fresh(EVP_MD_CTX_new());
    if (!fresh || EVP_DigestInit_ex(fresh.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    return fresh;
  }();
  return context.get();
}

}  // namespace

std::string to_hex(BytesView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::int64_t index_hash(BytesView bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  EVP_MD_CTX* context = sha256_context();
  EVP_DigestInit_ex2(context, nullptr, nullptr);
  EVP_DigestUpdate(context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context, digest.data(), nullptr);
  std::int64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

}  // namespace certspan
