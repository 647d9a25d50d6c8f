#include "host/base/outcome.hpp"

#include <array>

namespace certspan {
namespace {

constexpr std::array<std::string_view, 10> kWords = {"ok",        "pending", "unavailable", "throttled",
                                                     "rejected",  "invalid", "unsupported", "unknown",
                                                     "cancelled", "internal"};

}  // namespace

std::string_view to_string(Outcome outcome) {
  return kWords.at(static_cast<std::size_t>(outcome));
}

Outcome outcome_from_abi(std::int32_t value) {
  return value >= 0 && value < static_cast<std::int32_t>(kWords.size()) ? static_cast<Outcome>(value)
                                                                        : Outcome::Internal;
}

std::optional<Outcome> outcome_from_string(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (kWords.at(i) == word) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

}  // namespace certspan
