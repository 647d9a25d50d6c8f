#include "host/journal/id_source.hpp"

#include <algorithm>

namespace certspan {

std::uint64_t IdSource::next() {
  constexpr unsigned kCounterBits = 20;
  // A clock before 1970 must not wrap into an id that SQLite's signed 64 bits can't hold.
  const auto wall =
      static_cast<std::uint64_t>(std::clamp<WallMs>(clock_.wall_ms(), 0, (WallMs{1} << 42) - 1));
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t id = 0;
  do {
    id = std::max(last + 1, wall << kCounterBits);
  } while (!last_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return id;
}

}  // namespace certspan
