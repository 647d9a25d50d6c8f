#include "plugins/common/pki/known_keys.hpp"

namespace certspan::pki {

KnownKeys& KnownKeys::of_this_process() {
  static KnownKeys keys;
  return keys;
}

std::optional<PublicKey> KnownKeys::find(BytesView spki) const {
  const std::size_t place = place_of(spki);
  const std::lock_guard lock(mutex_);
  if (!known_[place] || !equal(known_[place]->spki(), spki)) return std::nullopt;
  return known_[place];
}

void KnownKeys::add(const PublicKey& key) {
  const std::size_t place = place_of(key.spki());
  std::optional<PublicKey> before = key;
  const std::lock_guard lock(mutex_);
  known_[place].swap(before);
}

}  // namespace certspan::pki
