#include "plugins/common/connector/duration.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace certspan::connector {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

TEST_CASE("a duration is a whole number and a unit") {
  CHECK(parse_duration("250ms").value() == milliseconds(250));
  CHECK(parse_duration("30s").value() == milliseconds(30'000));
  CHECK(parse_duration("90m").value() == milliseconds(5'400'000));
  CHECK(parse_duration("12h").value() == milliseconds(43'200'000));
  CHECK(parse_duration("365d").value() == milliseconds(31'536'000'000));
}

TEST_CASE("what is no duration is refused with what to write instead") {
  for (const char* text :
       {"", "d", "5", "5 d", "-5d", "+5d", "5.5d", "5y", "5D", "99999999999999999999d", " 5d"}) {
    CAPTURE(text);
    const auto duration = parse_duration(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error().message.find("365d") != std::string::npos);
  }
}

TEST_CASE("no duration is longer than a hundred years") {
  CHECK(parse_duration("36525d"));
  CHECK_FALSE(parse_duration("36526d"));
  CHECK_FALSE(parse_duration("9223372036854775807d"));
  CHECK_FALSE(read_duration(json(UINT64_MAX)));
}

TEST_CASE("the host's milliseconds are as good as text") {
  CHECK(read_duration(json(300000)).value() == milliseconds(300'000));
  CHECK(read_duration(json("5m")).value() == milliseconds(300'000));
  CHECK_FALSE(read_duration(json(-1)));
  CHECK_FALSE(read_duration(json(1.5)));
  CHECK_FALSE(read_duration(json(true)));
  CHECK_FALSE(read_duration(json()));
}

TEST_CASE("instants are printed as RFC 3339 in UTC") {
  CHECK(format_utc(0) == "1970-01-01T00:00:00Z");
  CHECK(format_utc(2524607999) == "2049-12-31T23:59:59Z");
  CHECK(format_utc(4102444800) == "2100-01-01T00:00:00Z");
}

}  // namespace
}  // namespace certspan::connector
