#include "host/config/suggest.hpp"

#include <vector>

#include <catch2/catch.hpp>

namespace certspan::test {
namespace {

TEST_CASE("the distance of two words counts insertions, removals, changes and swaps") {
  CHECK(edit_distance("steps", "steps") == 0);
  CHECK(edit_distance("step", "steps") == 1);
  CHECK(edit_distance("steeps", "steps") == 1);
  CHECK(edit_distance("staps", "steps") == 1);
  CHECK(edit_distance("setps", "steps") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance(std::string(100, 'a'), std::string(99, 'a')) == 100);
}

TEST_CASE("a word is suggested when at most a third of its letters differ") {
  const std::vector<std::string> keys = {"listeners", "log", "limits"};
  CHECK(closest("listners", keys) == "listeners");
  CHECK(closest("lgo", keys) == "log");
  CHECK(closest("lo", keys) == "log");
  CHECK(closest("l", keys).empty());
  CHECK(closest("pipelines", keys).empty());
  CHECK(closest("log", {}).empty());
}

TEST_CASE("suggestions and lists read like sentences") {
  const std::vector<std::string> words = {"a", "b", "c"};
  CHECK(did_you_mean("aa", words) == "did you mean \"a\"?");
  CHECK(did_you_mean("something", words).empty());
  CHECK(listing(words) == "a, b and c");
  CHECK(listing(words, "or") == "a, b or c");
  CHECK(listing(std::vector<std::string>{"a"}) == "a");
  CHECK(listing(std::vector<std::string>(20, "x")).ends_with("x, ..."));
}

}  // namespace
}  // namespace certspan::test
