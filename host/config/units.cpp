#include "host/config/units.hpp"

#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

namespace certspan {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurations = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kSizes = {
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024ULL * 1024}, {"GiB", 1024ULL * 1024 * 1024}}};
constexpr std::uint64_t kLongestMs = 36'525ULL * 86'400'000;
constexpr std::uint64_t kLargestBytes = 1024ULL * 1024 * 1024 * 1024;

/// What differs between durations and sizes.
struct Kind {
  std::span<const Unit> units;
  std::uint64_t most;
  std::string_view noun;
  std::string_view examples;
  std::string_view example_unit;
};

const Kind kDuration = {kDurations, kLongestMs, "duration", "ms, s, m, h or d", "s"};
const Kind kSize = {kSizes, kLargestBytes, "size", "B, KiB, MiB or GiB", "KiB"};

UnitFault bad(const Kind& kind, std::string_view what, std::string_view number) {
  return {fmt::format("this is not a {}: {}", kind.noun, what),
          fmt::format("write a whole number and a unit ({}), such as {}{}", kind.examples, number,
                      kind.example_unit)};
}

UnitResult<std::uint64_t> parse(std::string_view text, const Kind& kind) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.data()));
  if (digits.empty()) return tl::unexpected(bad(kind, "it does not begin with a number", "30"));
  if (error != std::errc()) return tl::unexpected(bad(kind, "the number is too large", "30"));
  const std::string_view rest = text.substr(digits.size());
  if (rest.empty()) return tl::unexpected(bad(kind, "the unit is missing", digits));
  for (const Unit& unit : kind.units) {
    if (unit.name != rest) continue;
    if (number > kind.most / unit.factor) return tl::unexpected(bad(kind, "it is too large", "30"));
    return number * unit.factor;
  }
  return tl::unexpected(bad(kind, "the unit is not known", digits));
}

std::string format(std::uint64_t number, std::span<const Unit> units) {
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (number != 0 && number % unit->factor == 0) {
      return fmt::format("{}{}", number / unit->factor, unit->name);
    }
  }
  return fmt::format("{}{}", number, units.front().name);
}

}  // namespace

UnitResult<std::chrono::milliseconds> parse_duration(std::string_view text) {
  return parse(text, kDuration).map([](std::uint64_t ms) { return std::chrono::milliseconds(ms); });
}

UnitResult<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, kSize);
}

UnitResult<DurationRange> parse_duration_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return tl::unexpected(
        UnitFault{"this is not a range of durations", "write two durations, such as 1s..2m"});
  }
  const auto first = parse_duration(text.substr(0, dots));
  if (!first) return tl::unexpected(first.error());
  const auto most = parse_duration(text.substr(dots + 2));
  if (!most) return tl::unexpected(most.error());
  if (*first > *most) {
    return tl::unexpected(UnitFault{"the range ends before it begins", "write the shorter duration first"});
  }
  return DurationRange{*first, *most};
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string format_size(std::uint64_t bytes) {
  return format(bytes, kSizes);
}

}  // namespace certspan
