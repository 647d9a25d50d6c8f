#include "plugins/profile/known_chains.hpp"

#include <algorithm>
#include <utility>

namespace certspan::profile {
namespace {

bool is_of(const KnownChain& chain, const sdk::Issued& issued) {
  if (chain.certificates.size() != issued.chain_size()) return false;
  for (std::size_t i = 0; i < issued.chain_size(); ++i) {
    if (!pki::equal(chain.certificates[i].der(), issued.chain(i))) return false;
  }
  return true;
}

pki::Result<KnownChain> take_apart(const sdk::Issued& issued) {
  KnownChain chain;
  chain.certificates.reserve(issued.chain_size());
  for (std::size_t i = 0; i < issued.chain_size(); ++i) {
    CERTSPAN_PKI_TRY(auto certificate, pki::Certificate::parse(issued.chain(i)));
    CERTSPAN_PKI_CHECK(chain.own.add(issued.chain(i)));
    chain.certificates.push_back(std::move(certificate));
  }
  return chain;
}

}  // namespace

pki::Result<std::shared_ptr<const KnownChain>> KnownChains::read(const sdk::Issued& issued) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(known_, [&](const auto& chain) { return is_of(*chain, issued); });
    if (found != known_.end()) return *found;
  }
  CERTSPAN_PKI_TRY(KnownChain chain, take_apart(issued));
  auto known = std::make_shared<const KnownChain>(std::move(chain));
  const std::lock_guard lock(mutex_);
  if (known_.size() == kMost) known_.erase(known_.begin());
  known_.push_back(known);
  return known;
}

}  // namespace certspan::profile
