#include "plugins/ndes/scep_server/next_ca.hpp"

#include <utility>

namespace certspan::scep {

NextCa::Told NextCa::look() {
  const auto now = host_.now();
  {
    const std::lock_guard lock(mutex_);
    if (asked_.time_since_epoch().count() != 0 && now - asked_ < kRefresh) return told_;
  }
  sdk::ByteBuffer message;
  Told fresh;
  const sdk::Outcome outcome = host_.next_ca("", message);
  if (outcome == sdk::Outcome::Ok) fresh.message = std::make_shared<const pki::Bytes>(std::move(message));
  fresh.not_now = outcome != sdk::Outcome::Ok && outcome != sdk::Outcome::Rejected &&
                  outcome != sdk::Outcome::Unsupported;
  const std::lock_guard lock(mutex_);
  told_ = std::move(fresh);
  asked_ = now;
  return told_;
}

}  // namespace certspan::scep
