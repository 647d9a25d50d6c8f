#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace certspan {

/// How a call or a work item ended; the values are those of the contract (abi/base.h). Decisions follow these
/// and never the text of a message.
enum class Outcome : std::int32_t {
  Ok = 0,
  Pending = 1,
  Unavailable = 2,
  Throttled = 3,
  Rejected = 4,
  Invalid = 5,
  Unsupported = 6,
  Unknown = 7,
  Cancelled = 8,
  Internal = 9,
};

/// The word that logs, JSON and people see: "ok", "pending", ...
std::string_view to_string(Outcome outcome);

/// The outcome of a value that came across the contract; one that is not known counts as Internal.
Outcome outcome_from_abi(std::int32_t value);

std::optional<Outcome> outcome_from_string(std::string_view word);

}  // namespace certspan
