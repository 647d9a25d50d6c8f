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

}  // namespace
}  // namespace certspan
