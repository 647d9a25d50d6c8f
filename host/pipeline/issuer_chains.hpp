#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/mutex.hpp"

namespace certspan {

class Connector;

/// The chains of the issuers, asked once and then held in memory. Thread-safe.
class IssuerChains {
 public:
  using Chain =
      std::shared_ptr<const std::vector<Bytes>>;  // shared: a reader keeps it while a new one is put in

  /// The chain held for the issuer, or null.
  Chain held(std::string_view issuer) const;
  /// The same, asked from the connector if none is held; null if it can't tell now. May block as the
  /// connector does.
  Chain get(Connector& issuer) const;

 private:
  mutable Mutex mutex_;
  mutable std::map<std::string, Chain, std::less<>> chains_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
