#include "tests/support/scep_test_client.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace certspan::test {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_bio(BIO* bio) {
  BIO_free_all(bio);
}
void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}

using BioPtr = std::unique_ptr<BIO, Deleter<free_bio>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using ReqPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Deleter<X509_NAME_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Deleter<ASN1_OBJECT_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>>;

void require(bool good, const char* what) {
  if (good) return;
  const char* reason = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(std::string(what) + ": " + (reason != nullptr ? reason : "no reason given"));
}

template <class Object, class Encode>
Bytes to_der(Object* object, Encode encode) {
  std::uint8_t* buffer = nullptr;
  const int size = encode(object, &buffer);
  require(size > 0, "encoding");
  Bytes der(buffer, buffer + size);
  OPENSSL_free(buffer);
  return der;
}

BioPtr read_from(const Bytes& bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Bytes content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return Bytes(data, data + size);
}

X509Ptr parse_certificate(const Bytes& der) {
  const std::uint8_t* data = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  require(certificate != nullptr, "certificate");
  return certificate;
}

CmsPtr parse_cms(const Bytes& der) {
  const std::uint8_t* data = der.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &data, static_cast<long>(der.size())));
  require(cms != nullptr, "cms");
  return cms;
}

NamePtr common_name(const std::string& text) {
  NamePtr name(X509_NAME_new());
  X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const std::uint8_t*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
  return name;
}

std::uint64_t random_serial() {
  std::array<std::uint8_t, 7> octets{};
  require(RAND_bytes(octets.data(), static_cast<int>(octets.size())) == 1, "random");
  std::uint64_t number = 1;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  require(extension != nullptr, "extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string key_usage_text(int usage) {
  static const std::map<int, std::string> kNames = {{KU_DIGITAL_SIGNATURE, "digitalSignature"},
                                                    {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
                                                    {KU_KEY_CERT_SIGN, "keyCertSign"}};
  std::string text = "critical";
  for (const auto& [bit, name] : kNames) {
    if ((usage & bit) != 0) text += "," + name;
  }
  return text;
}

ObjectPtr object(const char* oid) {
  return ObjectPtr(OBJ_txt2obj(oid, 1));
}

constexpr const char* kMessageType = "2.16.840.1.113733.1.9.2";
constexpr const char* kPkiStatus = "2.16.840.1.113733.1.9.3";
constexpr const char* kFailInfo = "2.16.840.1.113733.1.9.4";
constexpr const char* kSenderNonce = "2.16.840.1.113733.1.9.5";
constexpr const char* kRecipientNonce = "2.16.840.1.113733.1.9.6";
constexpr const char* kTransactionId = "2.16.840.1.113733.1.9.7";
constexpr const char* kFailInfoText = "1.3.6.1.5.5.7.24.1";

void add_attribute(CMS_SignerInfo* signer, const char* oid, int type, const void* data, std::size_t size) {
  require(CMS_signed_add1_attr_by_OBJ(signer, object(oid).get(), type, data, static_cast<int>(size)) == 1,
          "attribute");
}

Bytes attribute_of(CMS_SignerInfo* signer, const char* oid, int type) {
  const ObjectPtr name = object(oid);
  const auto* value =
      static_cast<const ASN1_STRING*>(CMS_signed_get0_data_by_OBJ(signer, name.get(), -3, type));
  if (value == nullptr) return {};
  const std::uint8_t* data = ASN1_STRING_get0_data(value);
  return Bytes(data, data + ASN1_STRING_length(value));
}

std::string text_of(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

void use_oaep(CMS_RecipientInfo* recipient, const std::string& digest) {
  EVP_PKEY_CTX* context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
  const EVP_MD* md = EVP_get_digestbyname(digest.c_str());
  require(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0, "oaep");
  require(EVP_PKEY_CTX_set_rsa_oaep_md(context, md) > 0, "oaep");
  require(EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) > 0, "oaep");
}

}  // namespace

namespace {

using BnPtr = std::unique_ptr<BIGNUM, decltype([](BIGNUM* number) { BN_clear_free(number); })>;

BnPtr number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  return BnPtr(number);
}

// RFC 8017 3.2, with the exponent 65537.
EVP_PKEY* rsa_of_primes(const BIGNUM* p, const BIGNUM* q) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
  const BnPtr n(BN_new());
  const BnPtr e(BN_new());
  const BnPtr p1(BN_new());
  const BnPtr q1(BN_new());
  const BnPtr phi(BN_new());
  const BnPtr d(BN_new());
  const BnPtr dp(BN_new());
  const BnPtr dq(BN_new());
  const BnPtr inverse(BN_new());
  BN_set_word(e.get(), RSA_F4);
  BN_mul(n.get(), p, q, context.get());
  BN_sub(p1.get(), p, BN_value_one());
  BN_sub(q1.get(), q, BN_value_one());
  BN_mul(phi.get(), p1.get(), q1.get(), context.get());
  require(BN_mod_inverse(d.get(), e.get(), phi.get(), context.get()) != nullptr, "exponent");
  BN_mod(dp.get(), d.get(), p1.get(), context.get());
  BN_mod(dq.get(), d.get(), q1.get(), context.get());
  BN_mod_inverse(inverse.get(), q, p, context.get());
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(),
                                                                                OSSL_PARAM_BLD_free);
  const std::pair<const char*, const BIGNUM*> numbers[] = {
      {OSSL_PKEY_PARAM_RSA_N, n.get()},          {OSSL_PKEY_PARAM_RSA_E, e.get()},
      {OSSL_PKEY_PARAM_RSA_D, d.get()},          {OSSL_PKEY_PARAM_RSA_FACTOR1, p},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, q},          {OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get()}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get()}};
  for (const auto& [name, number] : numbers) OSSL_PARAM_BLD_push_BN(builder.get(), name, number);
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> params(OSSL_PARAM_BLD_to_param(builder.get()),
                                                                       OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(maker.get());
  require(EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1, "key of primes");
  return key;
}

}  // namespace

TestKey::TestKey(evp_pkey_st* key) : key_(key, EVP_PKEY_free) {
  require(key != nullptr, "key");
}

TestKey TestKey::rsa() {
  return TestKey(EVP_RSA_gen(2048));
}

TestKey TestKey::ec() {
  return TestKey(EVP_EC_gen("P-256"));
}

const TestKey& TestKey::shared_rsa(int number) {
  static std::map<int, TestKey> keys;
  auto found = keys.find(number);
  if (found == keys.end()) found = keys.emplace(number, rsa()).first;
  return found->second;
}

std::vector<TestKey> TestKey::many_rsa(std::size_t count) {
  std::vector<TestKey> keys;
  std::vector<BnPtr> primes;
  while (keys.size() < count) {
    const TestKey fresh = rsa();
    for (const char* factor : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2}) {
      const BnPtr prime = number_of(fresh.handle(), factor);
      for (std::size_t i = 0; i < primes.size() && keys.size() < count; ++i) {
        keys.push_back(TestKey(rsa_of_primes(prime.get(), primes[i].get())));
      }
      primes.push_back(BnPtr(BN_dup(prime.get())));
    }
  }
  return keys;
}

Bytes TestKey::spki() const {
  return to_der(key_.get(), i2d_PUBKEY);
}

std::string TestKey::pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "pem");
  return text_of(content_of(bio.get()));
}

Bytes make_certificate(const TestKey& key, const CertificateOptions& options, const Bytes* issuer,
                       const TestKey* issuer_key) {
  const X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                          options.serial != 0 ? options.serial : random_serial());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.not_before_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.not_after_s);
  const NamePtr subject = common_name(options.common_name);
  X509_set_subject_name(certificate.get(), subject.get());
  if (issuer != nullptr) {
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(parse_certificate(*issuer).get()));
  } else {
    X509_set_issuer_name(certificate.get(), subject.get());
  }
  X509_set_pubkey(certificate.get(), key.handle());
  if (options.ca) add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (options.key_usage != 0)
    add_extension(certificate.get(), NID_key_usage, key_usage_text(options.key_usage));
  if (!options.extended_key_usage.empty()) {
    add_extension(certificate.get(), NID_ext_key_usage, options.extended_key_usage);
  }
  if (!options.subject_alt_name.empty()) {
    add_extension(certificate.get(), NID_subject_alt_name, options.subject_alt_name);
  }
  const TestKey& signer = issuer_key != nullptr ? *issuer_key : key;
  require(X509_sign(certificate.get(), signer.handle(), EVP_sha256()) > 0, "certificate");
  return to_der(certificate.get(), i2d_X509);
}

std::string to_pem_certificate(const Bytes& der) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), parse_certificate(der).get()) == 1, "pem");
  return text_of(content_of(bio.get()));
}

Bytes make_request(const TestKey& key, const RequestOptions& options) {
  const ReqPtr request(X509_REQ_new());
  X509_REQ_set_version(request.get(), 0);
  X509_REQ_set_subject_name(request.get(), common_name(options.common_name).get());
  X509_REQ_set_pubkey(request.get(), key.handle());
  if (!options.subject_alt_name.empty()) {
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                           options.subject_alt_name.c_str()));
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  if (options.challenge) {
    X509_REQ_add1_attr_by_NID(request.get(), NID_pkcs9_challengePassword, MBSTRING_UTF8,
                              reinterpret_cast<const std::uint8_t*>(options.challenge->data()),
                              static_cast<int>(options.challenge->size()));
  }
  require(X509_REQ_sign(request.get(), key.handle(), options.sha1 ? EVP_sha1() : EVP_sha256()) > 0,
          "request");
  return to_der(request.get(), i2d_X509_REQ);
}

Bytes make_envelope(const Bytes& content, const Bytes& recipient_certificate, const MessageOptions& options) {
  const auto flags = static_cast<unsigned>(CMS_BINARY | CMS_PARTIAL);
  const EVP_CIPHER* cipher = EVP_get_cipherbyname(options.cipher.c_str());
  const CmsPtr enveloped(CMS_encrypt(nullptr, nullptr, cipher, flags));
  require(enveloped != nullptr, "envelope");
  CMS_RecipientInfo* recipient =
      CMS_add1_recipient_cert(enveloped.get(), parse_certificate(recipient_certificate).get(),
                              options.oaep.empty() ? 0 : CMS_KEY_PARAM);
  require(recipient != nullptr, "recipient");
  if (!options.oaep.empty()) use_oaep(recipient, options.oaep);
  require(CMS_final(enveloped.get(), read_from(content).get(), nullptr, flags) == 1, "envelope");
  return to_der(enveloped.get(), i2d_CMS_ContentInfo);
}

Bytes make_message(const Bytes& content, const TestKey& signer, const Bytes& signer_certificate,
                   const Bytes& recipient_certificate, const MessageOptions& options) {
  Bytes inner = options.envelope ? *options.envelope : make_envelope(content, recipient_certificate, options);
  if (options.change_envelope) options.change_envelope(inner);
  const auto flags = static_cast<unsigned>(CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP);
  const CmsPtr message(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
  require(message != nullptr, "message");
  CMS_SignerInfo* info =
      CMS_add1_signer(message.get(), parse_certificate(signer_certificate).get(), signer.handle(),
                      EVP_get_digestbyname(options.digest.c_str()), flags);
  require(info != nullptr, "signer");
  add_attribute(info, kMessageType, V_ASN1_PRINTABLESTRING, options.message_type.data(),
                options.message_type.size());
  add_attribute(info, kTransactionId, V_ASN1_PRINTABLESTRING, options.transaction_id.data(),
                options.transaction_id.size());
  add_attribute(info, kSenderNonce, V_ASN1_OCTET_STRING, options.sender_nonce.data(),
                options.sender_nonce.size());
  require(CMS_final(message.get(), read_from(inner).get(), nullptr, flags) == 1, "message");
  return to_der(message.get(), i2d_CMS_ContentInfo);
}

ReadReply read_reply(const Bytes& reply, const Bytes& ra_certificate, const TestKey& signer,
                     const Bytes& signer_certificate) {
  const CmsPtr message = parse_cms(reply);
  const StackPtr ra(sk_X509_new_null());
  sk_X509_push(ra.get(), parse_certificate(ra_certificate).release());
  const BioPtr content(BIO_new(BIO_s_mem()));
  require(CMS_verify(message.get(), ra.get(), nullptr, nullptr, content.get(),
                     CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN | CMS_BINARY) == 1,
          "the reply's signature");
  CMS_SignerInfo* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(message.get()), 0);
  X509_ALGOR* digest = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, &digest, nullptr);
  ReadReply read;
  read.digest = OBJ_nid2sn(OBJ_obj2nid(digest->algorithm));
  read.message_type = text_of(attribute_of(info, kMessageType, V_ASN1_PRINTABLESTRING));
  read.pki_status = text_of(attribute_of(info, kPkiStatus, V_ASN1_PRINTABLESTRING));
  read.fail_info = text_of(attribute_of(info, kFailInfo, V_ASN1_PRINTABLESTRING));
  read.fail_info_text = text_of(attribute_of(info, kFailInfoText, V_ASN1_UTF8STRING));
  read.transaction_id = text_of(attribute_of(info, kTransactionId, V_ASN1_PRINTABLESTRING));
  read.sender_nonce = attribute_of(info, kSenderNonce, V_ASN1_OCTET_STRING);
  read.recipient_nonce = attribute_of(info, kRecipientNonce, V_ASN1_OCTET_STRING);
  if (read.pki_status != "0") return read;
  const Bytes inner = content_of(content.get());
  const CmsPtr enveloped = parse_cms(inner);
  const BioPtr plain(BIO_new(BIO_s_mem()));
  require(CMS_decrypt(enveloped.get(), signer.handle(), parse_certificate(signer_certificate).get(), nullptr,
                      plain.get(), CMS_BINARY) == 1,
          "the reply's envelope");
  read.certificates = read_certificates_only(content_of(plain.get()));
  for (const char* cipher : {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "DES-CBC"}) {
    const Bytes oid = to_der(OBJ_txt2obj(cipher, 0), [](ASN1_OBJECT* o, std::uint8_t** out) {
      const int size = i2d_ASN1_OBJECT(o, out);
      ASN1_OBJECT_free(o);
      return size;
    });
    if (std::search(inner.begin(), inner.end(), oid.begin(), oid.end()) != inner.end()) read.cipher = cipher;
  }
  return read;
}

std::vector<Bytes> read_certificates_only(const Bytes& der) {
  const CmsPtr message = parse_cms(der);
  const StackPtr certificates(CMS_get1_certs(message.get()));
  std::vector<Bytes> ders;
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    ders.push_back(to_der(sk_X509_value(certificates.get(), i), i2d_X509));
  }
  return ders;
}

}  // namespace certspan::test
