// How many one-time challenges are neither spent nor expired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "plugins/ndes/challenge/challenge_book.hpp"

namespace certspan::scep {

// Counts in memory and looks into the book only at first, and when the count is full: what was spent since is
// found then, at most once a second. Used by one thread at a time. Times are milliseconds since 1970.
class OpenChallenges {
 public:
  static constexpr std::int64_t kLookAgainAfterMs = 1000;

  // Whether there are `most` or more. nullopt: the book can't be read.
  std::optional<bool> full(const ChallengeBook& book, std::size_t most, std::int64_t now_ms);
  void minted(std::int64_t expires_ms) { ends_.push(expires_ms); }
  // The book was changed by somebody else: it is read before the next answer.
  void forget() { counted_ms_.reset(); }

 private:
  using Ends = std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>>;

  bool may_look_again(std::int64_t now_ms) const;

  Ends ends_;  // the earliest first
  std::optional<std::int64_t> counted_ms_;
};

}  // namespace certspan::scep
