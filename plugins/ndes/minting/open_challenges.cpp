#include "plugins/ndes/minting/open_challenges.hpp"

#include <utility>

namespace certspan::scep {

std::optional<bool> OpenChallenges::full(const ChallengeBook& book, std::size_t most, std::int64_t now_ms) {
  while (!ends_.empty() && ends_.top() <= now_ms) ends_.pop();
  if (!counted_ms_ || (ends_.size() >= most && may_look_again(now_ms))) {
    auto ends = book.ends_of_open(now_ms);
    if (!ends) return std::nullopt;
    ends_ = Ends(std::greater<>(), std::move(*ends));
    counted_ms_ = now_ms;
  }
  return ends_.size() >= most;
}

// The clock may have been set back.
bool OpenChallenges::may_look_again(std::int64_t now_ms) const {
  return now_ms < *counted_ms_ || now_ms - *counted_ms_ >= kLookAgainAfterMs;
}

}  // namespace certspan::scep
