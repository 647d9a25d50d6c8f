#include "host/base/wall_text.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

TEST_CASE("an instant is read as it is written, and nothing else is one") {
  CHECK(read_wall_text("1970-01-01T00:00:01Z") == WallMs{1000});
  CHECK(read_wall_text("2027-01-31T08:00:00Z") == WallMs{1'801'382'400'000});
  CHECK(read_wall_text("9999-12-31T23:59:59Z") == WallMs{253'402'300'799'000});
  for (const char* text :
       {"", "2027-01-31", "2027-01-31T08:00:00", "2027-01-31T08:00:00Z ", "2027-13-31T08:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(read_wall_text(text));
  }
}

TEST_CASE("what people write by RFC 3339 is read to the millisecond, and with its zone") {
  CHECK(read_rfc3339("2027-01-31T08:00:00Z") == WallMs{1'801'382'400'000});
  CHECK(read_rfc3339("2027-01-31t09:30:00.2509+01:30") == WallMs{1'801'382'400'250});
  CHECK(read_rfc3339("2027-01-30 23:00:00.5-09:00") == WallMs{1'801'382'400'500});
  CHECK(read_rfc3339("2024-02-29T00:00:00Z") == WallMs{1'709'164'800'000});
  CHECK(read_rfc3339("2016-12-31T23:59:60Z") == WallMs{1'483'228'800'000});
  CHECK(read_rfc3339("1969-12-31T23:59:59.999Z") == WallMs{-1});
  for (const char* text :
       {"", "2027-01-31", "2027-01-31T08:00Z", "2027-01-31T08:00:00", "2027-01-31T08:00:00Z ",
        "2027-02-29T08:00:00Z", "2027-00-31T08:00:00Z", "2027-01-31T24:00:00Z", "2027-01-31T08:60:00Z",
        "2027-01-31T08:00:61Z", "2027-01-31T08:00:00.Z", "2027-01-31T08:00:00+0100", "27-01-31T08:00:00Z",
        "2027-01-31T08:00:00+24:00", "2027-01-31X08:00:00Z", "+027-01-31T08:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(read_rfc3339(text));
  }
}

TEST_CASE("an instant is written as it is read") {
  for (const WallMs at : {WallMs{0}, WallMs{1'801'382'400'250}, WallMs{253'402'300'799'999}}) {
    CHECK(read_rfc3339(rfc3339(at)) == at);
  }
  CHECK(rfc3339(1'801'382'400'250) == "2027-01-31T08:00:00.250Z");
}

}  // namespace
}  // namespace certspan
