// Message digests with algorithms fetched once and a context per thread.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/oid.hpp"

struct evp_md_st;

namespace certspan::pki {

enum class Digest : std::uint8_t { Sha1, Sha256, Sha384, Sha512 };

// A digest value on the stack.
class DigestValue {
 public:
  BytesView view() const { return {octets_.data(), size_}; }
  std::size_t size() const { return size_; }

 private:
  friend DigestValue hash(Digest digest, std::initializer_list<BytesView> parts);
  std::array<std::uint8_t, 64> octets_{};
  std::size_t size_ = 0;
};

std::size_t digest_size(Digest digest);
std::string_view digest_name(Digest digest);  // "sha256"
// The digest's own identifier, and back.
const Oid& digest_oid(Digest digest);
std::optional<Digest> digest_from_oid(const Oid& oid);

// Hash of the parts one after another. Thread-safe. Throws std::runtime_error only if the crypto library is
// broken.
DigestValue hash(Digest digest, std::initializer_list<BytesView> parts);
inline DigestValue hash(Digest digest, BytesView data) {
  return hash(digest, {data});
}

using Sha256Value = std::array<std::uint8_t, 32>;
Sha256Value sha256(BytesView data);

// OpenSSL's algorithm object, fetched once for the process and never freed.
const evp_md_st* evp_digest(Digest digest);

}  // namespace certspan::pki
