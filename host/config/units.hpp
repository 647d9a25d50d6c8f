#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace certspan {

/// Why a duration or size could not be read: what is wrong, and what to write instead.
struct UnitFault {
  std::string message;
  std::string suggestion;
};

template <typename T>
using UnitResult = tl::expected<T, UnitFault>;

/// "250ms", "30s", "5m", "12h", "365d": one whole number and one unit, at most 100 years. A bare number is
/// refused: nobody can tell seconds from milliseconds by looking at it.
UnitResult<std::chrono::milliseconds> parse_duration(std::string_view text);

struct DurationRange {
  std::chrono::milliseconds first{};
  std::chrono::milliseconds most{};
};

/// "1s..2m": first not above the second.
UnitResult<DurationRange> parse_duration_range(std::string_view text);

/// "512B", "64KiB", "256MiB", "1GiB": one whole number and one unit, at most 1024 GiB; in bytes.
UnitResult<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact way to write it: "90s", "2m"; "64KiB".
std::string format_duration(std::chrono::milliseconds duration);
std::string format_size(std::uint64_t bytes);

}  // namespace certspan
