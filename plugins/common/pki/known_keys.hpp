// Public keys that were decoded lately.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>

#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/public_key.hpp"

namespace certspan::pki {

// A device's key is met several times on the way of its request, and a CA's with each certificate. Decoding
// one, and what OpenSSL computes at its first use, costs about half a signature check. A fleet has more keys
// than this has places: what helps is that those under way are known. Thread-safe.
class KnownKeys {
 public:
  static KnownKeys& of_this_process();

  std::optional<PublicKey> find(BytesView spki) const;
  void add(const PublicKey& key);

 private:
  static constexpr std::size_t kPlaces = 64;
  static std::size_t place_of(BytesView spki) { return sha256(spki)[0] % kPlaces; }

  mutable std::mutex mutex_;
  std::array<std::optional<PublicKey>, kPlaces> known_;  // each at the place that its hash says
};

}  // namespace certspan::pki
