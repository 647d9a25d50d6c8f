#include "host/config/glob.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace certspan::test {
namespace {

TEST_CASE("a star stands for any run of characters and everything else for itself") {
  CHECK(glob_matches("wifi-*", "wifi-guest"));
  CHECK(glob_matches("wifi-*", "wifi-"));
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("", ""));
  CHECK(glob_matches("a*b*c", "a-b-b-c"));
  CHECK(glob_matches("**x", "yx"));
  CHECK_FALSE(glob_matches("wifi-*", "wifi"));
  CHECK_FALSE(glob_matches("wifi", "wifi-guest"));
  CHECK_FALSE(glob_matches("a?c", "abc"));
  CHECK(glob_matches("a?c", "a?c"));
  CHECK_FALSE(glob_matches("a*b", "a-c"));
  CHECK_FALSE(glob_matches("WIFI", "wifi"));
}

TEST_CASE("a pattern of many stars ends in good time") {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", std::string(1000, 'a')));
}

}  // namespace
}  // namespace certspan::test
