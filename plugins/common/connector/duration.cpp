#include "plugins/common/connector/duration.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include <nlohmann/json.hpp>

namespace certspan::connector {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 5> kUnits = {
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::int64_t kLongest = 36'525LL * 86'400'000;

pki::Result<std::chrono::milliseconds> bounded(std::int64_t count, std::int64_t factor) {
  if (count > kLongest / factor) return pki::fault(pki::FaultKind::TooLarge, "is longer than 100 years");
  return std::chrono::milliseconds(count * factor);
}

}  // namespace

pki::Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && count >= 0) {
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : kUnits) {
      if (unit.name == name) return bounded(count, unit.milliseconds);
    }
  }
  return pki::fault(pki::FaultKind::Malformed,
                    "is no duration: write a whole number and ms, s, m, h or d, such as 365d");
}

pki::Result<std::chrono::milliseconds> read_duration(const nlohmann::json& value) {
  if (value.is_string()) return parse_duration(value.get_ref<const std::string&>());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kLongest)) {
    return bounded(INT64_MAX, 1);
  }
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0)
    return bounded(value.get<std::int64_t>(), 1);
  return parse_duration({});
}

std::string format_utc(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts = {};
  gmtime_r(&time, &parts);
  std::array<char, 32> text = {};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace certspan::connector
