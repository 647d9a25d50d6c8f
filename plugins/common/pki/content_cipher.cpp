#include "plugins/common/pki/content_cipher.hpp"

#include <array>
#include <atomic>
#include <mutex>

#include <openssl/provider.h>

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/ossl.hpp"

namespace certspan::pki {
namespace {

constexpr std::array<CipherFacts, 5> kCiphers = {{
    {ContentCipher::Aes128Cbc, oids::kAes128Cbc, 16, 16, "AES-128-CBC"},
    {ContentCipher::Aes192Cbc, oids::kAes192Cbc, 24, 16, "AES-192-CBC"},
    {ContentCipher::Aes256Cbc, oids::kAes256Cbc, 32, 16, "AES-256-CBC"},
    {ContentCipher::DesEde3Cbc, oids::kDesEde3Cbc, 24, 8, "DES-EDE3-CBC"},
    {ContentCipher::DesCbc, oids::kDesCbc, 8, 8, "DES-CBC"},
}};

// Kept for the process's life, as fetched algorithms are; null until load_single_des.
std::atomic<const EVP_CIPHER*> single_des{nullptr};

const EVP_CIPHER* fetched(ContentCipher cipher) {
  if (cipher == ContentCipher::DesCbc) return single_des.load(std::memory_order_acquire);
  static const std::array<const EVP_CIPHER*, 4> kFetched = [] {
    std::array<const EVP_CIPHER*, 4> all{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = EVP_CIPHER_fetch(nullptr, std::string(kCiphers[i].name).c_str(), nullptr);
    }
    ERR_clear_error();
    return all;
  }();
  return kFetched[static_cast<std::size_t>(cipher)];
}

EVP_CIPHER_CTX* thread_cipher_context() {
  thread_local const EvpCipherCtxPtr context(EVP_CIPHER_CTX_new());
  return context.get();
}

// Runs the cipher over `in` and gives the number of octets written, or nothing.
std::optional<std::size_t> run_cipher(const EVP_CIPHER* algorithm, bool encrypting, bool padding,
                                      BytesView key, BytesView iv, BytesView in,
                                      std::span<std::uint8_t> out) {
  EVP_CIPHER_CTX* context = thread_cipher_context();
  int written = 0;
  int last = 0;
  const bool good =
      context != nullptr &&
      EVP_CipherInit_ex2(context, algorithm, key.data(), iv.data(), encrypting ? 1 : 0, nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(context, padding ? 1 : 0) == 1 &&
      EVP_CipherUpdate(context, out.data(), &written, in.data(), static_cast<int>(in.size())) == 1 &&
      EVP_CipherFinal_ex(context, out.data() + written, &last) == 1;
  if (!good) return std::nullopt;
  return static_cast<std::size_t>(written) + static_cast<std::size_t>(last);
}

tl::unexpected<Fault> not_available(ContentCipher cipher) {
  return fault(FaultKind::UnsupportedAlgorithm,
               "content cipher " + std::string(cipher_facts(cipher).name) + " is not available");
}

}  // namespace

const CipherFacts& cipher_facts(ContentCipher cipher) {
  return kCiphers[static_cast<std::size_t>(cipher)];
}

std::optional<ContentCipher> cipher_from_oid(const Oid& oid) {
  for (const CipherFacts& facts : kCiphers) {
    if (facts.oid == oid) return facts.cipher;
  }
  return std::nullopt;
}

bool load_single_des() {
  static std::once_flag once;
  std::call_once(once, [] {
    OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
    if (library == nullptr || OSSL_PROVIDER_load(library, "legacy") == nullptr) {
      OSSL_LIB_CTX_free(library);
    } else {
      single_des.store(EVP_CIPHER_fetch(library, "DES-CBC", nullptr), std::memory_order_release);
    }
    ERR_clear_error();
  });
  return single_des.load(std::memory_order_acquire) != nullptr;
}

Result<Bytes> encrypt_cbc(ContentCipher cipher, BytesView key, BytesView iv, BytesView plain) {
  const EVP_CIPHER* algorithm = fetched(cipher);
  if (algorithm == nullptr) return not_available(cipher);
  Bytes out(plain.size() + cipher_facts(cipher).block_size);
  const std::optional<std::size_t> size = run_cipher(algorithm, true, true, key, iv, plain, out);
  if (!size) return ossl_fault("encrypting");
  out.resize(*size);
  return out;
}

Result<SecretBytes> decrypt_cbc(ContentCipher cipher, BytesView key, BytesView iv, BytesView content) {
  const EVP_CIPHER* algorithm = fetched(cipher);
  if (algorithm == nullptr) return not_available(cipher);
  SecretBytes out(content.size());
  const std::optional<std::size_t> size =
      run_cipher(algorithm, false, false, key, iv, content, out.writable());
  if (!size || *size != content.size()) return ossl_fault("decrypting");
  return out;
}

}  // namespace certspan::pki
