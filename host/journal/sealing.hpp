#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/key_derivation.hpp"
#include "host/journal/work_item.hpp"

struct evp_cipher_st;

namespace certspan {

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
  /// Errors: journal.key, if the cryptographic library lacks what is needed.
  static Result<Sealer> create(const SealingKey& master);
  /// One that opens and seals nothing, for those who need no secrets.
  static Sealer without_key() { return {}; }
  bool has_key() const { return keys_.has_value(); }

  /// A version byte, a random nonce, the ciphertext and the tag. Errors: journal.key, if the cryptographic
  /// library fails.
  Result<Bytes> seal(const SealedPlace& place, BytesView plain) const;
  /// Errors: journal.corrupt, if it was not sealed with this key at this place.
  Result<Bytes> open(const SealedPlace& place, BytesView sealed) const;

  /// A value by which a journal recognises the key that belongs to it; tells nothing about the key.
  const Bytes& key_check() const { return key_check_; }
  /// The first eight digits of it, by which people tell keys apart; "" without a key.
  std::string mark() const;

 private:
  struct FreeCipher {
    void operator()(evp_cipher_st* cipher) const;
  };
  using Cipher = std::unique_ptr<evp_cipher_st, FreeCipher>;

  Sealer() = default;
  Sealer(KeyDerivation keys, Cipher cipher, Bytes key_check)
      : keys_(std::move(keys)), cipher_(std::move(cipher)), key_check_(std::move(key_check)) {}

  std::optional<SealingKey> item_key(WorkId id) const;

  std::optional<KeyDerivation> keys_;
  Cipher cipher_;
  Bytes key_check_;
};

}  // namespace certspan
