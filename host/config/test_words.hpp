#pragma once

#include <array>
#include <string_view>

namespace certspan {

// The words of `tests:`; the reader and the JSON Schema share them.

/// What a scripted connector can be told to answer: the outcomes in their order, and the host's death.
inline constexpr std::array<std::string_view, 11> kAnswerWords = {
    "ok",          "pending", "unavailable", "throttled", "rejected", "invalid",
    "unsupported", "unknown", "cancelled",   "internal",  "crash"};

/// The calls that an answer can be kept for.
inline constexpr std::array<std::string_view, 8> kCallWords = {
    "validate", "issue", "poll", "lookup", "cancel", "deliver", "check_request", "check_certificate"};

/// The calls that `expect` counts: all but those of the fence, which stands around every issuer.
inline constexpr std::array<std::string_view, 6> kExpectedCalls = {"validate", "issue",  "poll",
                                                                   "lookup",   "cancel", "deliver"};

/// Where a test's item can stand at the end: a work item's states, or turned away at the door.
inline constexpr std::array<std::string_view, 8> kStateWords = {"done",  "failed",  "dead",    "held",
                                                                "ready", "calling", "pending", "refused"};

}  // namespace certspan
