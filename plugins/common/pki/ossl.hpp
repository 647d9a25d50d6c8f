// OpenSSL objects with owners, and its error queue as text. Included by .cpp files only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

template <auto Free>
struct OsslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OsslDeleter<EVP_PKEY_free>>;
using EvpPkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OsslDeleter<EVP_PKEY_CTX_free>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, OsslDeleter<EVP_MD_CTX_free>>;
using EvpCipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OsslDeleter<EVP_CIPHER_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, OsslDeleter<BIO_free_all>>;

// Internal fault that names what failed and OpenSSL's own reason; empties the thread's error queue.
inline tl::unexpected<Fault> ossl_fault(std::string_view what) {
  std::string message(what);
  const unsigned long code = ERR_get_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  message += std::string(": ") + (reason != nullptr ? reason : "the crypto library gave no reason");
  ERR_clear_error();
  return fault(FaultKind::Internal, std::move(message));
}

}  // namespace certspan::pki
