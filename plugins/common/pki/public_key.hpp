// Public keys from SubjectPublicKeyInfo (RFC 5280 4.1.2.7), decoded without OpenSSL's decoders.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/result.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

struct evp_pkey_st;

namespace certspan::pki {

enum class KeyKind : std::uint8_t { Rsa, EcP256, EcP384, EcP521 };

// "rsa", "p256", "p384", "p521".
std::string_view key_kind_name(KeyKind kind);

using KeyIdentifier = std::array<std::uint8_t, 20>;

// An RSA or NIST-curve key. Immutable and thread-safe; a copy shares the decoded key.
//
// Only one encoding of a key is accepted (DER, NULL parameters for RSA, uncompressed point for EC), so that
// comparing the SubjectPublicKeyInfo bytes is comparing keys. What can't be a key at all is refused when
// parsing: an even RSA modulus, an even or trivial exponent, more than 8192 bits, a point that is not on its
// curve. What is a key but a weak one is told by `weakness`.
class PublicKey {
 public:
  // `spki` is one whole SubjectPublicKeyInfo. A key that was decoded lately is shared. Faults: Malformed,
  // UnsupportedAlgorithm, TooLarge.
  static Result<PublicKey> parse(BytesView spki);

  KeyKind kind() const { return kind_; }
  KeyFamily family() const { return kind_ == KeyKind::Rsa ? KeyFamily::Rsa : KeyFamily::Ec; }
  int bits() const { return bits_; }
  BytesView spki() const { return *spki_; }
  Sha256Value spki_sha256() const { return sha256(spki()); }
  // The content of the key's BIT STRING, without the octet of unused bits; what identifiers are hashes of.
  BytesView key_bits() const { return spki().subspan(key_offset_); }
  // SHA-1 of the key's BIT STRING content: RFC 5280 4.2.1.2 method 1.
  KeyIdentifier key_identifier() const;

  // Magnitude of an RSA key's modulus; empty for an EC key.
  BytesView rsa_modulus() const { return spki().subspan(modulus_offset_, modulus_size_); }

  // Why this key is too weak to be certified: RSA below 2048 bits, an exponent below 65537, or what
  // `modulus_fault` finds. Nothing if it is not.
  std::optional<std::string> weakness() const;

  // Whether `signature` over `data` verifies. Faults: BadSignature; UnsupportedAlgorithm if the algorithm is
  // not of this key's family.
  Result<void> verify(SignatureAlgorithm algorithm, BytesView data, BytesView signature) const;
  // The same over a digest that was made already.
  Result<void> verify_digest(SignatureAlgorithm algorithm, BytesView digest, BytesView signature) const;

  // The decoded key, for this library's own use; lives as long as a copy of this object.
  evp_pkey_st* handle() const { return key_.get(); }

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return equal(a.spki(), b.spki()); }

 private:
  PublicKey() = default;
  static Result<PublicKey> decode(BytesView spki);

  KeyKind kind_ = KeyKind::Rsa;
  int bits_ = 0;
  bool small_exponent_ = false;
  std::size_t key_offset_ = 0;  // of the BIT STRING's octets in spki_
  std::size_t modulus_offset_ = 0;
  std::size_t modulus_size_ = 0;
  // Shared: on a first enrolment the signer's key is the request's key, decoded once and used three times.
  std::shared_ptr<const Bytes> spki_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace certspan::pki
