#include "host/pipeline/turn.hpp"

#include <algorithm>

namespace certspan {
namespace {

constexpr WallMs kPeriod = WallMs{30} * 24 * 3600 * 1000;
/// The lower bits count the items of one request.
constexpr std::uint64_t kOnePeriod = std::uint64_t{1} << 16;

bool was_asked_for(const WorkItem& item) {
  return std::ranges::any_of(item.attempts, [](const Attempt& attempt) {
    return attempt.call == "issue" || attempt.call == "poll" || attempt.call.starts_with("lookup");
  });
}

}  // namespace

std::uint64_t first_turn(WallMs accepted_at) {
  return static_cast<std::uint64_t>(std::max<WallMs>(accepted_at / kPeriod, 1)) * kOnePeriod;
}

std::uint64_t next_turn(const WorkItem& before, WallMs accepted_at) {
  if (before.turn != 0 && was_asked_for(before)) return before.turn + 1;
  return is_first_turn(before.turn) ? first_turn(accepted_at) : before.turn;
}

std::uint64_t earlier_turn(std::uint64_t turn) {
  return turn - kOnePeriod;
}

bool is_first_turn(std::uint64_t turn) {
  return turn % kOnePeriod == 0;
}

}  // namespace certspan
