// How often in a row a device has renewed itself.
#pragma once

#include <cstdint>

#include <certspan/store.hpp>
#include <certspan/types.hpp>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::scep {

enum class CountResult : std::uint8_t { Counted, TooMany, StoreUnavailable };

struct RenewalStep {
  pki::BytesView old_spki;
  pki::BytesView new_spki;
  pki::BytesView item_key;
  std::int64_t now = 0;  // seconds since 1970
};

// A record for each key that came out of a renewal says how many renewals lie between it and the first
// enrolment, and which item made it, so that a repeated call counts once. Written with the item or not at
// all. `count` may be called from any thread, `forget_old` while no other call runs.
class RenewalCounter {
 public:
  explicit RenewalCounter(const sdk::Store& store) : store_(store) {}

  CountResult count(const RenewalStep& step, std::int64_t max_renewals) const;

  // Removes records that are older than the longest certificate of a device lives.
  void forget_old(std::int64_t now) const;

 private:
  sdk::Store store_;
};

}  // namespace certspan::scep
