#include "probe/request_message.hpp"

#include <algorithm>

#include <openssl/rand.h>

#include "probe/scep_attributes.hpp"

namespace certspan::scep_probe {
namespace {

constexpr unsigned kPiecemeal = CMS_BINARY | CMS_PARTIAL;

tl::unexpected<Failure> cannot_build(std::string_view what) {
  return fail(pki::ossl_fault(what).value().message,
              "look at the certificate that GetCACert gives for encryption: the request is encrypted to it");
}

/// The ContentInfo as DER; empty if OpenSSL can't.
Bytes der_of(CMS_ContentInfo* cms) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  return i2d_CMS_bio(out.get(), cms) == 1 ? written(out.get()) : Bytes();
}

Result<Bytes> envelope(BytesView content, X509* recipient, const Capabilities& can) {
  const EVP_CIPHER* cipher = can.aes ? EVP_aes_128_cbc() : EVP_des_ede3_cbc();
  const CmsPtr cms(CMS_encrypt(nullptr, nullptr, cipher, kPiecemeal));
  const BioPtr in = reader(content);
  if (!cms || CMS_add1_recipient_cert(cms.get(), recipient, 0) == nullptr ||
      CMS_final(cms.get(), in.get(), nullptr, CMS_BINARY) != 1) {
    return cannot_build("the request can't be encrypted to the server");
  }
  return der_of(cms.get());
}

bool add(CMS_SignerInfo* signer, const char* name, int type, const void* bytes, std::size_t size) {
  const ObjectPtr object(OBJ_txt2obj(name, 1));
  return CMS_signed_add1_attr_by_OBJ(signer, object.get(), type, bytes, static_cast<int>(size)) == 1;
}

bool describe(CMS_SignerInfo* signer, std::string_view type, const std::string& transaction,
              const Nonce& nonce) {
  return signer != nullptr && add(signer, kMessageType, V_ASN1_PRINTABLESTRING, type.data(), type.size()) &&
         add(signer, kTransactionId, V_ASN1_PRINTABLESTRING, transaction.data(), transaction.size()) &&
         add(signer, kSenderNonce, V_ASN1_OCTET_STRING, nonce.data(), nonce.size());
}

Result<RequestMessage> make_message(std::string_view type, BytesView content, const Device& device,
                                    const Authority& authority, const Capabilities& can) {
  RequestMessage message;
  if (RAND_bytes(message.nonce.data(), static_cast<int>(message.nonce.size())) != 1)
    return cannot_build("no random octets");
  CERTSPAN_PROBE_TRY(const Bytes enveloped, envelope(content, authority.recipient, can));
  const CmsPtr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, kPiecemeal));
  const EVP_MD* digest = can.sha256 ? EVP_sha256() : EVP_sha1();
  CMS_SignerInfo* signer = cms ? CMS_add1_signer(cms.get(), device.signer.get(), device.key.get(), digest,
                                                 CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL)
                               : nullptr;
  const BioPtr in = reader(enveloped);
  if (!describe(signer, type, device.transaction_id, message.nonce) ||
      CMS_final(cms.get(), in.get(), nullptr, CMS_BINARY) != 1) {
    return cannot_build("the request can't be signed");
  }
  message.der = der_of(cms.get());
  return message;
}

void append_name(Bytes& bytes, const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  if (size > 0) bytes.insert(bytes.end(), der, der + size);
  OPENSSL_free(der);
}

/// IssuerAndSubject. The names' lengths are those of certificates, a few hundred octets.
Bytes issuer_and_subject(const Device& device, const Authority& authority) {
  Bytes names;
  append_name(names, X509_get_subject_name(authority.ca != nullptr ? authority.ca : authority.recipient));
  append_name(names, X509_get_subject_name(device.signer.get()));
  Bytes der(static_cast<std::size_t>(ASN1_object_size(1, static_cast<int>(names.size()), V_ASN1_SEQUENCE)));
  unsigned char* at = der.data();
  ASN1_put_object(&at, 1, static_cast<int>(names.size()), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  std::ranges::copy(names, at);
  return der;
}

}  // namespace

Result<RequestMessage> make_enrolment(const Device& device, const Authority& authority,
                                      const Capabilities& can) {
  return make_message(kPkcsReq, device.request.reveal(), device, authority, can);
}

Result<RequestMessage> make_poll(const Device& device, const Authority& authority, const Capabilities& can) {
  return make_message(kCertPoll, issuer_and_subject(device, authority), device, authority, can);
}

}  // namespace certspan::scep_probe
