#include "host/config/units.hpp"

#include <catch2/catch.hpp>

namespace certspan::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations are whole numbers with a unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("12h") == 12h);
  CHECK(parse_duration("365d") == 365 * 24h);
  CHECK(parse_duration("0s") == 0s);
}

TEST_CASE("a bare number is no duration, and the suggestion keeps the number") {
  const auto parsed = parse_duration("30");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find("the unit is missing") != std::string::npos);
  CHECK(parsed.error().suggestion.find("30s") != std::string::npos);
}

TEST_CASE("anything else is no duration") {
  for (const char* text : {"", "s", "-1s", "+1s", "1.5h", "1h30m", "1 s", "1sec", "1S", "1w", " 1s", "1s ",
                           "0x1s", "99999999999999999999s", "18446744073709551615d", "36526d"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("ranges name the shorter duration first") {
  const auto range = parse_duration_range("1s..2m");
  REQUIRE(range);
  CHECK(range->first == 1s);
  CHECK(range->most == 2min);
  CHECK(parse_duration_range("5s..5s"));
  for (const char* text : {"1s", "2m..1s", "1s...2m", "..2m", "1s..", "1..2", "1s-2m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration_range(text));
  }
}

TEST_CASE("sizes are binary and carry a unit") {
  CHECK(parse_size("512B") == 512U);
  CHECK(parse_size("64KiB") == 65536U);
  CHECK(parse_size("256MiB") == 268435456U);
  CHECK(parse_size("1GiB") == 1073741824U);
  for (const char* text : {"", "1", "1K", "1KB", "1kib", "1MB", "-1B", "1025GiB", "99999999999999999999B"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("durations and sizes are written in their largest exact unit") {
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(2min) == "2m");
  CHECK(format_duration(48h) == "2d");
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(0ms) == "0ms");
  CHECK(format_size(65536) == "64KiB");
  CHECK(format_size(1000) == "1000B");
}

}  // namespace
}  // namespace certspan::test
