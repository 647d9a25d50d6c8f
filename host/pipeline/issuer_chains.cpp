#include "host/pipeline/issuer_chains.hpp"

#include <utility>

#include "host/loading/connector.hpp"

namespace certspan {

IssuerChains::Chain IssuerChains::held(std::string_view issuer) const {
  MutexLock lock(mutex_);
  const auto found = chains_.find(issuer);
  return found == chains_.end() ? nullptr : found->second;
}

IssuerChains::Chain IssuerChains::get(Connector& issuer) const {
  if (Chain chain = held(issuer.name())) return chain;
  auto asked = issuer.chain();
  if (!asked) return nullptr;
  auto chain = std::make_shared<const std::vector<Bytes>>(std::move(*asked));
  MutexLock lock(mutex_);
  chains_[issuer.name()] = chain;
  return chain;
}

}  // namespace certspan
