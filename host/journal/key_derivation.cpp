#include "host/journal/key_derivation.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <utility>

namespace certspan {
namespace {

struct FreeAlgorithm {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};

std::optional<SealingKey> finish(EVP_MAC_CTX* mac, BytesView data) {
  SealingKey::Value out{};
  std::size_t size = 0;
  if (EVP_MAC_update(mac, data.data(), data.size()) != 1 ||
      EVP_MAC_final(mac, out.data(), &size, out.size()) != 1 || size != out.size()) {
    return std::nullopt;
  }
  SealingKey key(out);
  OPENSSL_cleanse(out.data(), out.size());
  return key;
}

}  // namespace

SealingKey::~SealingKey() {
  OPENSSL_cleanse(value_.data(), value_.size());
}

void KeyDerivation::Free::operator()(evp_mac_ctx_st* mac) const {
  EVP_MAC_CTX_free(mac);
}

std::optional<KeyDerivation> KeyDerivation::create(BytesView salt, BytesView input) {
  const Mac extract = keyed(salt);
  if (!extract) return std::nullopt;
  const auto extracted = finish(extract.get(), input);
  if (!extracted) return std::nullopt;
  Mac expand = keyed(extracted->value());
  if (!expand) return std::nullopt;
  return KeyDerivation(std::move(expand));
}

KeyDerivation::Mac KeyDerivation::keyed(BytesView key) {
  const std::unique_ptr<EVP_MAC, FreeAlgorithm> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (!algorithm) return nullptr;
  Mac mac(EVP_MAC_CTX_new(algorithm.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  if (!mac || EVP_MAC_init(mac.get(), key.data(), key.size(), parameters) != 1) return nullptr;
  return mac;
}

std::optional<SealingKey> KeyDerivation::derive(BytesView info) const {
  const Mac mac(EVP_MAC_CTX_dup(keyed_.get()));
  if (!mac) return std::nullopt;
  Bytes block = copy_of(info);
  block.push_back(1);
  return finish(mac.get(), block);
}

}  // namespace certspan
