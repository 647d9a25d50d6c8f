// Certificate requests whose signature was verified in this process already.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include "plugins/common/pki/digest.hpp"

namespace certspan::pki {

// Whether a request's signature holds follows from its octets alone, and the same request is read at several
// steps of its way: a public key operation each. So the last ones that held are remembered, by the hash of
// all their octets. What can't be proved is never in here. Thread-safe, a fixed size.
class VerifiedRequests {
 public:
  static VerifiedRequests& of_this_process();

  bool has(const Sha256Value& request) const;
  void add(const Sha256Value& request);

 private:
  static constexpr std::size_t kPlaces = 1024;
  static std::size_t place_of(const Sha256Value& request) {
    return (std::size_t{request[0]} << 8U | request[1]) % kPlaces;
  }

  mutable std::mutex mutex_;
  std::array<Sha256Value, kPlaces> known_{};  // each at the place that its hash says
};

}  // namespace certspan::pki
