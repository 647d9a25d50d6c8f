// The block ciphers that SCEP envelopes use, in CBC mode.
#pragma once

#include <optional>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/result.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::pki {

struct CipherFacts {
  ContentCipher cipher;
  Oid oid;
  std::size_t key_size;
  std::size_t block_size;  // of the initialisation vector, too
  std::string_view name;
};

inline constexpr std::size_t kMaxCipherKey = 32;
inline constexpr std::size_t kMaxCipherBlock = 16;

const CipherFacts& cipher_facts(ContentCipher cipher);
std::optional<ContentCipher> cipher_from_oid(const Oid& oid);

// Makes single DES usable: OpenSSL's legacy provider in a library context of its own, once for the process.
// False if there is no such provider.
bool load_single_des();

// PKCS #7 padding and CBC. Requires: key and iv of the cipher's sizes. Faults: UnsupportedAlgorithm for DES
// that was not loaded; Internal.
Result<Bytes> encrypt_cbc(ContentCipher cipher, BytesView key, BytesView iv, BytesView plain);

// CBC without looking at the padding. Requires: `content` is whole blocks.
Result<SecretBytes> decrypt_cbc(ContentCipher cipher, BytesView key, BytesView iv, BytesView content);

}  // namespace certspan::pki
