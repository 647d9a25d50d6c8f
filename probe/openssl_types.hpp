// OpenSSL's objects with owners. The probe uses OpenSSL's CMS and not plugins/common/pki: what is watched
// should not be read by the code that wrote it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/cms.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/ossl.hpp"

namespace certspan::scep_probe {

using pki::BioPtr;
using pki::Bytes;
using pki::BytesView;
using pki::EvpPkeyPtr;

using X509Ptr = std::unique_ptr<X509, pki::OsslDeleter<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, pki::OsslDeleter<X509_REQ_free>>;
using X509NamePtr = std::unique_ptr<X509_NAME, pki::OsslDeleter<X509_NAME_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, pki::OsslDeleter<X509_STORE_free>>;
using X509StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, pki::OsslDeleter<X509_STORE_CTX_free>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, pki::OsslDeleter<CMS_ContentInfo_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, pki::OsslDeleter<ASN1_OBJECT_free>>;
using BigNumberPtr = std::unique_ptr<BIGNUM, pki::OsslDeleter<BN_free>>;

/// A stack that owns nothing: for calls that want certificates in OpenSSL's own form.
struct StackEnd {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using BorrowedStack = std::unique_ptr<STACK_OF(X509), StackEnd>;

using Certificates = std::vector<X509Ptr>;

/// The certificates as a stack that lives no longer than they.
inline BorrowedStack borrow(const Certificates& certificates) {
  BorrowedStack stack(sk_X509_new_null());
  for (const X509Ptr& certificate : certificates) sk_X509_push(stack.get(), certificate.get());
  return stack;
}

/// A reader of bytes that outlive it.
inline BioPtr reader(BytesView bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// What was written into a memory BIO.
inline Bytes written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return pki::to_bytes(pki::as_bytes({data, static_cast<std::size_t>(size)}));
}

/// One ContentInfo, BER or DER, with nothing after it; nullptr if it is none.
inline CmsPtr read_cms(BytesView bytes) {
  const unsigned char* at = bytes.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  return at == bytes.data() + bytes.size() ? std::move(cms) : nullptr;
}

/// One certificate with nothing after it; nullptr if it is none.
inline X509Ptr read_certificate(BytesView bytes) {
  const unsigned char* at = bytes.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  return at == bytes.data() + bytes.size() ? std::move(certificate) : nullptr;
}

}  // namespace certspan::scep_probe
