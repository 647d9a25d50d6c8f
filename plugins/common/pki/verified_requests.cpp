#include "plugins/common/pki/verified_requests.hpp"

namespace certspan::pki {

VerifiedRequests& VerifiedRequests::of_this_process() {
  static VerifiedRequests requests;
  return requests;
}

bool VerifiedRequests::has(const Sha256Value& request) const {
  const std::lock_guard lock(mutex_);
  return known_[place_of(request)] == request;
}

void VerifiedRequests::add(const Sha256Value& request) {
  const std::lock_guard lock(mutex_);
  known_[place_of(request)] = request;
}

}  // namespace certspan::pki
