#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>

namespace certspan::test {

/// A key that is made for one test: "ED25519", "P-256" or "RSA".
class KeyPair {
 public:
  explicit KeyPair(std::string_view kind) {
    if (kind == "RSA") {
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
    } else if (kind == "ED25519") {
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    } else {
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", std::string(kind).c_str()));
    }
    if (!key_) throw std::runtime_error("no key");
  }

  std::string public_pem() const {
    const Bio bio = memory();
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    return content(*bio);
  }
  /// PKCS #8, encrypted if there is a passphrase.
  std::string private_pem(const std::string& passphrase = {}) const {
    const Bio bio = memory();
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
                                  passphrase.data(), static_cast<int>(passphrase.size()), nullptr, nullptr);
    return content(*bio);
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIO* bio) const { BIO_free(bio); }
  };
  using Bio = std::unique_ptr<BIO, Free>;

  static Bio memory() { return Bio(BIO_new(BIO_s_mem())); }
  static std::string content(BIO& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(&bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, Free> key_;
};

}  // namespace certspan::test
