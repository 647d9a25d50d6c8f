#include "host/config/suggest.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace certspan {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kMostListed = 12;
/// Among more names than these a suggestion helps nobody, and looking for one takes its time.
constexpr std::size_t kMostCandidates = 256;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kLongestWord || b.size() > kLongestWord) return std::max(a.size(), b.size());
  using Row = std::array<std::size_t, kLongestWord + 1>;
  Row before_last{};
  Row last{};
  Row current{};
  for (std::size_t j = 0; j <= b.size(); ++j) last.at(j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      std::size_t best = std::min({last.at(j) + 1, current.at(j - 1) + 1, last.at(j - 1) + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, before_last.at(j - 2) + 1);
      }
      current.at(j) = best;
    }
    before_last = last;
    last = current;
  }
  return last.at(b.size());
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  const std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  std::size_t best = allowed + 1;
  std::string found;
  if (candidates.size() > kMostCandidates) return found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + allowed || word.size() > candidate.size() + allowed) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

std::string closest_or_same(std::string_view word, std::span<const std::string> candidates) {
  std::string found = closest(word, candidates);
  return found.empty() ? std::string(word) : found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string found = closest(word, candidates);
  return found.empty() ? std::string() : fmt::format("did you mean \"{}\"?", found);
}

std::string listing(std::span<const std::string> words, std::string_view last) {
  std::string text;
  const std::size_t shown = std::min(words.size(), kMostListed);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    text += words[i];
  }
  if (shown < words.size()) text += ", ...";
  return text;
}

}  // namespace certspan
