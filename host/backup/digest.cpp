#include "host/backup/digest.hpp"

#include <openssl/evp.h>

namespace certspan::backup {

void Digest::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Digest::Digest()
    : context_(EVP_MD_CTX_new()),
      good_(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1) {}

void Digest::add(BytesView bytes) {
  size_ += bytes.size();
  good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
}

Result<AuditHash> Digest::finish() {
  AuditHash hash{};
  if (good_ && EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1) return hash;
  return fail(Outcome::Internal, "backup.crypto", "the cryptographic library gives no SHA-256");
}

Result<std::size_t> DigestingSource::read(std::span<std::uint8_t> into) {
  CERTSPAN_TRY(const std::size_t got, in_.read(into));
  digest_.add(BytesView(into).first(got));
  return got;
}

}  // namespace certspan::backup
