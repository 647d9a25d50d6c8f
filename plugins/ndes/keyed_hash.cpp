#include "plugins/ndes/keyed_hash.hpp"

#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace certspan::scep {

KeyedHashValue keyed_hash(pki::BytesView key, pki::BytesView data) {
  KeyedHashValue value{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), value.data(),
           &size) == nullptr) {
    throw std::runtime_error("the crypto library can't compute an HMAC");
  }
  return value;
}

bool equal_in_constant_time(const KeyedHashValue& a, const KeyedHashValue& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace certspan::scep
