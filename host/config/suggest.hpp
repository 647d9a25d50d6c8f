#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace certspan {

/// The number of insertions, removals, changes and swaps of neighbouring letters between two words
/// (Damerau-Levenshtein, optimal string alignment). Words over 64 bytes count as entirely different.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `word` was probably meant to be: at most a third of its letters away, at least one is
/// allowed; empty if there is none. Among equals the first wins.
std::string closest(std::string_view word, std::span<const std::string> candidates);

/// The same, but the word itself when nothing is close. With it, what a misspelt reference meant counts as
/// used.
std::string closest_or_same(std::string_view word, std::span<const std::string> candidates);

/// `did you mean "x"?`, or nothing when nothing is close.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// "a, b and c", for messages; at most 12 are named.
std::string listing(std::span<const std::string> words, std::string_view last = "and");

}  // namespace certspan
