#include "sdk/tools/plugin_check/certificates.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>

namespace certspan::check {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;

constexpr int kSerialBits = 127;
constexpr long kValidSeconds = 86'400;

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not make a certificate for the check");
}

KeyPtr make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  must(key != nullptr);
  return key;
}

NamePtr name_of(const std::string& text) {
  NamePtr name(X509_NAME_new());
  must(name &&
       X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0) == 1);
  return name;
}

template <typename T>
sdk::ByteBuffer der_of(T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* raw = nullptr;
  const int size = encode(object, &raw);
  must(size > 0);
  sdk::ByteBuffer der(raw, raw + size);
  OPENSSL_free(raw);
  return der;
}

}  // namespace

sdk::ByteBuffer make_request() {
  const KeyPtr key = make_key();
  const RequestPtr request(X509_REQ_new());
  must(request && X509_REQ_set_subject_name(request.get(), name_of("device.checker.example").get()) == 1 &&
       X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
       X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0);
  return der_of(request.get(), &i2d_X509_REQ);
}

sdk::ByteBuffer make_certificate() {
  const KeyPtr key = make_key();
  const CertificatePtr certificate(X509_new());
  const NumberPtr serial(BN_new());
  must(certificate && serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  X509* made = certificate.get();
  const NamePtr name = name_of("checker.example");
  must(X509_set_version(made, 2) == 1 &&
       BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made)) != nullptr &&
       X509_set_issuer_name(made, name.get()) == 1 && X509_set_subject_name(made, name.get()) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(made), 0) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(made), kValidSeconds) != nullptr &&
       X509_set_pubkey(made, key.get()) == 1 && X509_sign(made, key.get(), EVP_sha256()) > 0);
  return der_of(made, &i2d_X509);
}

bool is_certificate(sdk::Bytes der) {
  const unsigned char* at = der.data();
  const CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return certificate != nullptr && at == der.data() + der.size();
}

bool is_crl(sdk::Bytes der) {
  const unsigned char* at = der.data();
  X509_CRL* const crl = d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size()));
  const bool whole = crl != nullptr && at == der.data() + der.size();
  X509_CRL_free(crl);
  return whole;
}

std::string base64(sdk::Bytes bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string pem_certificate(sdk::Bytes der) {
  constexpr std::size_t kLine = 64;
  const std::string text = base64(der);
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace certspan::check
