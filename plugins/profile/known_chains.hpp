// CA chains as issuers show them, taken apart once.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <certspan/connector.hpp>

#include "plugins/common/connector/own_identity.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::profile {

/// An issuer's chain, the issuing CA first, and what of it no request may carry.
struct KnownChain {
  std::vector<pki::Certificate> certificates;
  connector::OwnIdentity own;
};

/// Every item of an issuer comes with the same few certificates. Thread-safe.
class KnownChains {
 public:
  /// Fault: Malformed.
  pki::Result<std::shared_ptr<const KnownChain>> read(const sdk::Issued& issued);

 private:
  static constexpr std::size_t kMost = 16;

  std::mutex mutex_;
  std::vector<std::shared_ptr<const KnownChain>> known_;  // the last kMost
};

}  // namespace certspan::profile
