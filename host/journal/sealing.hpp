#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/work_item.hpp"

struct evp_cipher_st;

namespace certspan {

/// 256 bits that are wiped when they go.
class SealingKey {
 public:
  using Value = std::array<std::uint8_t, 32>;

  SealingKey() = default;
  explicit SealingKey(const Value& value) : value_(value) {}
  SealingKey(const SealingKey& other) = default;
  SealingKey& operator=(const SealingKey& other) = default;
  ~SealingKey();

  const Value& value() const { return value_; }

 private:
  Value value_{};
};

/// The place of a sealed value. It is authenticated with the value, so one that was moved to another place
/// does not open there.
struct SealedPlace {
  std::string_view table;
  WorkId id{};
  std::string_view field;
};

/// Seals the secret fields of items: AES-256-GCM with a key of each item's own, HKDF-SHA256 (RFC 5869) from
/// the journal's master key. Thread-safe.
class Sealer {
 public:
  /// Errors: journal.key, if the cryptographic library lacks AES-GCM.
  static Result<Sealer> create(const SealingKey& master);

  /// A version byte, a random nonce, the ciphertext and the tag. Errors: journal.key, when the machine gives
  /// no random numbers.
  Result<Bytes> seal(const SealedPlace& place, BytesView plain) const;
  /// Errors: journal.corrupt, if it was not sealed with this key at this place.
  Result<Bytes> open(const SealedPlace& place, BytesView sealed) const;

  /// A value by which a journal recognises the key that belongs to it; tells nothing about the key.
  Bytes key_check() const;

 private:
  struct FreeCipher {
    void operator()(evp_cipher_st* cipher) const;
  };
  using Cipher = std::unique_ptr<evp_cipher_st, FreeCipher>;

  Sealer(SealingKey extracted, Cipher cipher)
      : extracted_(std::move(extracted)), cipher_(std::move(cipher)) {}

  SealingKey item_key(WorkId id) const;

  SealingKey extracted_;  ///< HKDF's pseudo-random key; the master key itself is not kept
  Cipher cipher_;
};

/// HKDF-SHA256's two halves (RFC 5869 sections 2.2 and 2.3, one block of output).
SealingKey hkdf_extract(BytesView salt, BytesView input);
SealingKey hkdf_expand(const SealingKey& extracted, BytesView info);

}  // namespace certspan
