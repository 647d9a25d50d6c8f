#include "plugins/ndes/scep_server/ra_set.hpp"

#include <algorithm>

namespace certspan::scep {
namespace {

pki::RaCredential credential_of(const RaIdentity& ra) {
  return {.key = ra.key, .certificate = pki::to_bytes(ra.certificate.der())};
}

}  // namespace

pki::Result<RaSet> RaSet::make(Ras ras, std::size_t current, const pki::ScepOptions& options) {
  std::vector<pki::RaCredential> credentials;
  std::vector<pki::ReplySigner> signers;
  for (const auto& ra : ras) {
    credentials.push_back(credential_of(*ra));
    CERTSPAN_PKI_TRY(pki::ReplySigner signer, pki::ReplySigner::create(credential_of(*ra)));
    signers.push_back(std::move(signer));
  }
  CERTSPAN_PKI_TRY(pki::Opener opener, pki::Opener::create(std::move(credentials), options));
  RaSet set(std::move(ras), current, std::move(opener));
  set.signers_ = std::move(signers);
  return set;
}

const pki::ReplySigner& RaSet::signer_for(const pki::ReplyContext& context) const {
  const std::size_t wanted = context.envelope.recipient;
  return signers_[wanted < signers_.size() ? wanted : current_];
}

bool RaSet::has_key(pki::BytesView spki) const {
  return std::ranges::any_of(ras_, [&](const auto& ra) { return pki::equal(spki, ra->certificate.spki()); });
}

}  // namespace certspan::scep
