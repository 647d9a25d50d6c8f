#include "plugins/common/pki/bytes.hpp"

#include <openssl/crypto.h>

namespace certspan::pki {

std::string to_hex(BytesView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0x0FU]);
  }
  return text;
}

void wipe(void* data, std::size_t size) noexcept {
  OPENSSL_cleanse(data, size);
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    clear();
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

void SecretBytes::truncate(std::size_t size) {
  if (size >= bytes_.size()) return;
  wipe(bytes_.data() + size, bytes_.size() - size);
  bytes_.resize(size);
}

void SecretBytes::clear() noexcept {
  if (!bytes_.empty()) wipe(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace certspan::pki
