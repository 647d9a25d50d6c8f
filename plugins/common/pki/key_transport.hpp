// RSA key transport: a content key wrapped for a public key, and taken out again without telling whether that
// worked.
#pragma once

#include <array>
#include <optional>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/constant_time.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {

// keyEncryptionAlgorithm, read and written. RSAES-OAEP has SHA-1 or SHA-256 for hash and mask alike and an
// empty label; its defaults are an empty SEQUENCE (RFC 4055 4.1). Fault: UnsupportedAlgorithm.
Result<KeyTransport> read_key_transport(const AlgorithmIdentifier& identifier);
void write_key_transport(DerWriter& writer, KeyTransport transport);

// A content key, and a mask that says whether it is the one that was wrapped.
struct UnwrappedKey {
  SecretBytes key;
  Mask good = 0;
};

// Unwraps keys with implicit rejection: for whatever is not a key of the size that the cipher needs, a key
// comes out that is derived from the ciphertext and a secret of this object, by the same instructions. `good`
// must not be branched on before everything that costs time is done. Thread-safe.
class KeyUnwrapper {
 public:
  // Requires: an RSA key of at least 1024 bits that outlives the object.
  explicit KeyUnwrapper(const PrivateKey& key);

  // Requires: key_size <= 32. Faults, none of which depends on what is wrapped: Internal, for a broken crypto
  // library only; Unavailable and UnsupportedAlgorithm of a key in a token.
  Result<UnwrappedKey> unwrap(KeyTransport transport, BytesView wrapped, std::size_t key_size) const;

 private:
  // At least `key_size` octets, whose last ones are the key that was wrapped if the mask says so.
  Result<UnwrappedKey> decrypt(KeyTransport transport, BytesView ciphertext, std::size_t key_size) const;

  const PrivateKey* key_;
  Bytes modulus_;
  std::array<std::uint8_t, 64> inner_pad_{};  // HMAC keys of the derived content keys
  std::array<std::uint8_t, 64> outer_pad_{};
};

// Wraps a content key for an RSA key. Faults: UnsupportedAlgorithm for an EC key, Internal.
Result<Bytes> wrap_key(KeyTransport transport, const PublicKey& recipient, BytesView key);

// PKCS #7 padding of a decrypted content: what is left without it, and whether it was good. Looks at the last
// block only and at each octet of it whatever the others say; with bad padding the size is that of the whole
// content.
struct UnpaddedSize {
  std::size_t size = 0;
  Mask good = 0;
};
UnpaddedSize size_without_padding(BytesView plain, std::size_t block_size);

}  // namespace certspan::pki
