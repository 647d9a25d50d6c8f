#include "host/journal/id_source.hpp"

#include <algorithm>

namespace certspan {

std::uint64_t first_id_at(WallMs wall) {
  constexpr unsigned kCounterBits = 20;
  // A clock before 1970 must not wrap into an id that SQLite's signed 64 bits can't hold.
  return static_cast<std::uint64_t>(std::clamp<WallMs>(wall, 0, (WallMs{1} << 42) - 1)) << kCounterBits;
}

std::uint64_t IdSource::next() {
  const std::uint64_t now = first_id_at(clock_.wall_ms());
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t id = 0;
  do {
    id = std::max(last + 1, now);
  } while (!last_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return id;
}

}  // namespace certspan
