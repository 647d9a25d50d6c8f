// How often a device has renewed itself since it enrolled.
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

// Counts all renewals that descend from one first enrolment, in a row or side by side: the record of its key
// holds their number, the record of each later key names that first key, and a record for each item lets a
// repeated call count once. Written with the item or not at all. A key that was in the store before there
// were first keys is its own, with the count that it had. `count` may be called from any thread, `forget_old`
// while no other call runs.
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
