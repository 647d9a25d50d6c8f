#pragma once

#include <atomic>
#include <cstdint>

#include "host/base/clock.hpp"
#include "host/journal/work_item.hpp"

namespace certspan {

/// No id that is made at this time or later is smaller.
std::uint64_t first_id_at(WallMs wall);

/// Makes ids that rise with time: wall milliseconds, then a 20-bit counter. Never goes back, even if the
/// clock does. Also the source of store revisions, so that a key which is removed and made again never gets
/// an old revision back. Thread-safe.
class IdSource {
 public:
  /// `clock` outlives this. Every id is larger than `newest`.
  IdSource(const Clock& clock, std::uint64_t newest) : clock_(clock), last_(newest) {}

  std::uint64_t next();
  /// The newest one so far.
  std::uint64_t last() const { return last_.load(std::memory_order_relaxed); }

 private:
  const Clock& clock_;
  std::atomic<std::uint64_t> last_;
};

}  // namespace certspan
