// Key objects in a token: found, read and made.
#pragma once

#include "plugins/common/pkcs11/token.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/public_key.hpp"

namespace certspan::pkcs11 {

/// What a key is for.
enum class KeyUse : std::uint8_t { Sign, SignAndDecrypt };

/// The one private key that the location names, fit for its use. Faults at "uri".
KeyResult<CK_OBJECT_HANDLE> find_private_key(const Token& token, const KeyLocation& location, KeyUse use);

/// RSA or EC. Fault at "uri": another kind.
KeyResult<pki::KeyFamily> family_of(const Token& token, const KeyLocation& location, CK_OBJECT_HANDLE key);

/// The public half of a private key, from the object itself (RSA) or from the public key that lies beside it
/// (EC). Faults at "uri".
KeyResult<pki::PublicKey> read_public_key(const Token& token, const KeyLocation& location,
                                          CK_OBJECT_HANDLE key);

/// Makes a pair with the location's label and id, or a random id: the private key never leaves the token.
/// Requires: `token` is open for writing. Faults at "uri": something is there by that name already, or the
/// token does not make such keys.
KeyResult<void> generate_pair(const Token& token, const KeyLocation& location, pki::KeySpec spec, KeyUse use);

}  // namespace certspan::pkcs11
