// Private keys that sign and decrypt, loaded once and used by many threads.
#pragma once

#include <memory>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/result.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {

// "rsa:2048", "rsa:3072", "rsa:4096", "p256", "p384".
enum class KeySpec : std::uint8_t { Rsa2048, Rsa3072, Rsa4096, P256, P384 };
Result<KeySpec> parse_key_spec(std::string_view text);

enum class KeyTransport : std::uint8_t;  // scep_message.hpp

// What does a key's work where the key is not in this process. Thread-safe. Faults: Unavailable while
// whatever holds the key can't be reached, Internal.
class KeyHolder {
 public:
  KeyHolder() = default;
  KeyHolder(const KeyHolder&) = delete;
  KeyHolder& operator=(const KeyHolder&) = delete;
  virtual ~KeyHolder() = default;

  // As the functions of PrivateKey.
  virtual Result<Bytes> sign_digest(Digest digest, BytesView digest_value) const = 0;
  virtual Result<Bytes> sign_pss_digest(Digest digest, BytesView digest_value) const = 0;
  virtual bool decrypts_raw() const = 0;
  virtual Result<SecretBytes> decrypt_raw(BytesView ciphertext) const = 0;
  virtual Result<SecretBytes> decrypt_padded(KeyTransport transport, BytesView ciphertext) const = 0;
};

// An RSA or EC private key. Thread-safe: operations take contexts from a pool inside the object, so that
// nothing is set up per call and nothing outlives the key. Moving it is not thread-safe.
class PrivateKey {
 public:
  // A key that somebody else holds, and its public half.
  PrivateKey(std::unique_ptr<const KeyHolder> holder, PublicKey public_key);
  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  const PublicKey& public_key() const;

  // Digest that certificates of this key are signed with: SHA-256, SHA-384 for P-384, SHA-512 for P-521 (RFC
  // 5480 section 4).
  SignatureAlgorithm default_algorithm() const;

  // Signature over `data`: PKCS #1 v1.5 for RSA, an ECDSA-Sig-Value for EC. Faults: Internal, Unavailable.
  Result<Bytes> sign(Digest digest, BytesView data) const;
  Result<Bytes> sign_digest(Digest digest, BytesView digest_value) const;

  // RSASSA-PSS over `data`, with MGF1 of the same digest and a salt of its length (RFC 8017 8.1; PS256 of RFC
  // 7518 3.5). Faults: Internal, Unavailable; UnsupportedAlgorithm for an EC key, or where a token lacks it.
  Result<Bytes> sign_pss(Digest digest, BytesView data) const;

  // The bare RSA operation without taking off any padding: `ciphertext` as a number below the modulus gives
  // as many octets as the modulus has. The padding is the caller's business, who must not let anyone see
  // whether it was good. Faults: Internal, Unavailable; UnsupportedAlgorithm for an EC key.
  Result<SecretBytes> decrypt_raw(BytesView ciphertext) const;

  // False where a token refuses the bare operation and takes the padding off itself.
  bool decrypts_raw() const;
  // Only where `decrypts_raw` is false: the message, empty if the token finds anything wrong with the
  // padding. Faults: Internal, Unavailable; UnsupportedAlgorithm if the token lacks this padding.
  Result<SecretBytes> decrypt_padded(KeyTransport transport, BytesView ciphertext) const;

  // PKCS #8 PEM; encrypted (PBES2, AES-256-CBC) if the passphrase is not empty. Faults: Internal; Policy for
  // a key that is not in this process.
  Result<SecretBytes> to_pem(std::string_view passphrase = {}) const;

 private:
  friend Result<PrivateKey> load_private_key(BytesView pem, std::string_view passphrase);
  friend Result<PrivateKey> generate_private_key(KeySpec spec);
  struct State;
  explicit PrivateKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads one PEM private key: PKCS #8, encrypted PKCS #8, or the older RSA and EC forms. Takes some 300 us: at
// start only. Faults: Malformed (also for a wrong passphrase), UnsupportedAlgorithm.
Result<PrivateKey> load_private_key(BytesView pem, std::string_view passphrase = {});

// Takes up to half a second for RSA-2048.
Result<PrivateKey> generate_private_key(KeySpec spec);

}  // namespace certspan::pki
