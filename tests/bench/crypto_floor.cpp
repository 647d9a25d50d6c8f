#include "tests/bench/crypto_floor.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace certspan::bench {
namespace {

using Bytes = std::vector<unsigned char>;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;

void require(int result, const char* what) {
  if (result <= 0) throw std::runtime_error(std::string("crypto floor: ") + what + " failed");
}

Key read_key(const std::string& pem) {
  const std::unique_ptr<BIO, Freed<BIO_free>> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) throw std::runtime_error("crypto floor: not a private key");
  return key;
}

using Init = int (*)(EVP_PKEY_CTX*);

Context context_for(EVP_PKEY* key, Init init, bool signature) {
  Context context(EVP_PKEY_CTX_new(key, nullptr));
  require(init(context.get()), "init");
  if (signature) {
    require(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()), "digest");
  }
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), "padding");
  }
  return context;
}

constexpr std::array<unsigned char, 32> kDigest = {1, 2, 3};
constexpr std::array<unsigned char, 16> kContentKey = {4, 5, 6};

}  // namespace

struct CryptoFloor::Contexts {
  Key ra, ca;
  Context verify, decrypt, sign_certificate, encrypt, sign_reply;
  Bytes client_signature;
  Bytes wrapped_key;
  Bytes output = Bytes(1024);

  void sign(EVP_PKEY_CTX* context, Bytes& signature) const {
    std::size_t size = signature.size();
    require(EVP_PKEY_sign(context, signature.data(), &size, kDigest.data(), kDigest.size()), "sign");
    signature.resize(size);
  }
  void encrypt_to(EVP_PKEY_CTX* context, Bytes& wrapped) const {
    std::size_t size = wrapped.size();
    require(EVP_PKEY_encrypt(context, wrapped.data(), &size, kContentKey.data(), kContentKey.size()),
            "encrypt");
    wrapped.resize(size);
  }
  void verify_client() const {
    require(EVP_PKEY_verify(verify.get(), client_signature.data(), client_signature.size(), kDigest.data(),
                            kDigest.size()),
            "verify");
  }
};

CryptoFloor::CryptoFloor(const std::string& ra_key, const std::string& ca_key, EVP_PKEY* client)
    : contexts_(std::make_unique<Contexts>()) {
  Contexts& c = *contexts_;
  c.ra = read_key(ra_key);
  c.ca = read_key(ca_key);
  c.verify = context_for(client, EVP_PKEY_verify_init, true);
  c.decrypt = context_for(c.ra.get(), EVP_PKEY_decrypt_init, false);
  c.sign_certificate = context_for(c.ca.get(), EVP_PKEY_sign_init, true);
  c.encrypt = context_for(client, EVP_PKEY_encrypt_init, false);
  c.sign_reply = context_for(c.ra.get(), EVP_PKEY_sign_init, true);
  c.client_signature.resize(1024);
  c.sign(context_for(client, EVP_PKEY_sign_init, true).get(), c.client_signature);
  c.wrapped_key.resize(1024);
  c.encrypt_to(context_for(c.ra.get(), EVP_PKEY_encrypt_init, false).get(), c.wrapped_key);
}

CryptoFloor::~CryptoFloor() = default;

void CryptoFloor::one_enrolment() {
  Contexts& c = *contexts_;
  c.verify_client();
  std::size_t size = c.output.size();
  require(
      EVP_PKEY_decrypt(c.decrypt.get(), c.output.data(), &size, c.wrapped_key.data(), c.wrapped_key.size()),
      "decrypt");
  c.verify_client();
  const auto into_output = [&c](const auto& operation, EVP_PKEY_CTX* context) {
    c.output.resize(1024);
    (c.*operation)(context, c.output);
    c.output.resize(1024);
  };
  into_output(&Contexts::sign, c.sign_certificate.get());
  into_output(&Contexts::encrypt_to, c.encrypt.get());
  into_output(&Contexts::sign, c.sign_reply.get());
}

}  // namespace certspan::bench
