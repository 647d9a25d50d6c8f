// Durations in settings and arguments, and instants for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "plugins/common/pki/result.hpp"

namespace certspan::connector {

/// "30s", "90m", "12h", "365d": a whole number and ms, s, m, h or d, at most 100 years. Fault: Malformed,
/// with what to write instead.
pki::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// From JSON: text as above, or the whole number of milliseconds that the host makes of a field marked
/// x-certspan-duration.
pki::Result<std::chrono::milliseconds> read_duration(const nlohmann::json& value);

/// RFC 3339 in UTC: "2027-01-31T08:00:00Z".
std::string format_utc(std::int64_t unix_seconds);

}  // namespace certspan::connector
