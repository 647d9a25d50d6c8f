// What a key in a token does: sign and decrypt, as OpenSSL would have done it.
#pragma once

#include "plugins/common/pkcs11/token.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::pkcs11 {

/// A private key in an open token.
struct KeyHandle {
  const Token& token;
  CK_OBJECT_HANDLE object = 0;
  const pki::PublicKey& public_key;
};

/// Each of these answers what the token said; with CKR_OK the output is there. Thread-safe.

/// PKCS #1 v1.5 for RSA (CKM_RSA_PKCS over a DigestInfo), an ECDSA-Sig-Value for EC (CKM_ECDSA).
CK_RV sign_digest(const KeyHandle& key, pki::Digest digest, pki::BytesView digest_value,
                  pki::Bytes& signature);

/// CKM_RSA_PKCS_PSS with MGF1 of the same digest and a salt of its length. Not with SHA-1.
CK_RV sign_pss_digest(const KeyHandle& key, pki::Digest digest, pki::BytesView digest_value,
                      pki::Bytes& signature);

/// CKM_RSA_X_509. `ciphertext` has the modulus' size and is below it; so the answer depends on the token
/// alone.
CK_RV decrypt_raw(const KeyHandle& key, pki::BytesView ciphertext, pki::SecretBytes& block);

/// The token's own padding. CKR_OK and an empty message: the token found something wrong with it. Which of
/// the two a code means is decided so that a request can't tell a bad padding from a broken token.
CK_RV decrypt_padded(const KeyHandle& key, pki::KeyTransport transport, pki::BytesView ciphertext,
                     pki::SecretBytes& message);

}  // namespace certspan::pkcs11
