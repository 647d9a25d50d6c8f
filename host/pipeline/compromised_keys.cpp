#include "host/pipeline/compromised_keys.hpp"

#include <certspan/abi/role_processor.h>
#include <openssl/sha.h>

#include "host/base/x509.hpp"

namespace certspan {
namespace {

/// No connector has such a name.
constexpr std::string_view kStore = "/compromised_keys";

Result<std::string> key_sha256(BytesView certificate) {
  const X509Ptr read = parse_x509(certificate);
  unsigned char* der = nullptr;
  const int size = read ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(read.get()), &der) : 0;
  if (size <= 0) {
    return fail(Outcome::Internal, "revocation.no_key", "the key of the certificate can't be read");
  }
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(der);
  return to_hex(digest);
}

Bytes store_key(std::string_view key_sha256) {
  return Bytes(key_sha256.begin(), key_sha256.end());
}

}  // namespace

Result<StoreWrite> CompromisedKeys::write(const WorkItem& issued) {
  std::string key(issued.label(CERTSPAN_LABEL_KEY));
  if (key.empty()) {
    CERTSPAN_TRY(key, key_sha256(issued.certificate));
  }
  known_ = Known::Some;
  return StoreWrite{std::string(kStore), store_key(key), StoreWrite::kAnyRevision, Bytes()};
}

Result<bool> CompromisedKeys::has(std::string_view key_sha256) {
  if (known_ == Known::NotLooked) {
    bool some = false;
    CERTSPAN_CHECK(journal_.store_scan(kStore, {}, {}, 1, [&](const StoreRecord&) {
      some = true;
      return false;
    }));
    Known not_looked = Known::NotLooked;
    known_.compare_exchange_strong(not_looked, some ? Known::Some : Known::None);
  }
  if (known_ == Known::None) return false;
  CERTSPAN_TRY(const auto record, journal_.store_get(kStore, store_key(key_sha256)));
  return record.has_value();
}

}  // namespace certspan
