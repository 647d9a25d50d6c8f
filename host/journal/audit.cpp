#include "host/journal/audit.hpp"

#include <openssl/evp.h>

#include <initializer_list>
#include <memory>
#include <string_view>

namespace certspan {
namespace {

// What is hashed begins with what it is, so that no row can be taken for a link.
constexpr std::string_view kRow = "certspan audit row 1";
constexpr std::string_view kErasure = "certspan audit erasure 1";
constexpr std::string_view kLink = "certspan audit link 1";

struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};
struct FreeHashContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Looking the algorithm up takes as long as hashing a row.
const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, FreeDigest> digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return digest.get();
}

/// Big-endian.
template <std::size_t kSize>
std::array<std::uint8_t, kSize> number_bytes(std::uint64_t number) {
  std::array<std::uint8_t, kSize> bytes{};
  for (std::size_t i = kSize; i > 0; --i) {
    bytes.at(i - 1) = static_cast<std::uint8_t>(number & 0xff);
    number >>= 8U;
  }
  return bytes;
}

std::optional<AuditHash> hash_of(std::initializer_list<BytesView> parts) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeHashContext> context(EVP_MD_CTX_new());
  AuditHash hash{};
  bool good = sha256() != nullptr && context && EVP_DigestInit_ex2(context.get(), sha256(), nullptr) == 1;
  for (const BytesView part : parts) {
    good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  if (!good || EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) != 1) return std::nullopt;
  return hash;
}

}  // namespace

std::optional<AuditHash> audit_digest(const AuditedRow& row) {
  return hash_of({as_bytes(kRow), number_bytes<8>(static_cast<std::uint64_t>(row.id)),
                  number_bytes<4>(row.epoch), number_bytes<1>(row.state), row.key, row.body});
}

std::optional<AuditHash> audit_erasure_digest(BytesView body) {
  return hash_of({as_bytes(kErasure), body});
}

std::optional<AuditHash> audit_link(const AuditHash& before, std::uint64_t number, const AuditHash& digest) {
  return hash_of({as_bytes(kLink), before, number_bytes<8>(number), digest});
}

}  // namespace certspan
