#include "host/config/fault.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace certspan::test {
namespace {

TEST_CASE("a fault is printed with its place, its line, a caret below it and a suggestion") {
  Faults faults("my.yaml");
  faults.set_source("version: 1\nhosst: {}\n");
  faults.error(FaultCode::UnknownKey, {2, 1}, "unknown key \"hosst\"", "did you mean \"host\"?");
  CHECK(faults.to_text() ==
        "my.yaml:2:1: error: unknown key \"hosst\" [CS1010]\n"
        "    hosst: {}\n"
        "    ^\n"
        "    did you mean \"host\"?\n");
}

TEST_CASE(
    "the caret stands below the character that is meant, behind tabs and behind letters of several bytes") {
  Faults faults("f");
  faults.set_source("grün: x\n\ta: b\n");
  faults.error(FaultCode::BadValue, {1, 7}, "one");
  faults.error(FaultCode::BadValue, {2, 5}, "two");
  CHECK(faults.to_text() ==
        "f:1:7: error: one [CS1013]\n    grün: x\n          ^\n"
        "f:2:5: error: two [CS1013]\n    \ta: b\n    \t   ^\n");
}

TEST_CASE("faults come in the order of the file, errors before warnings, each once") {
  Faults faults("f");
  faults.warning(FaultCode::Unused, {3, 1}, "w");
  faults.error(FaultCode::BadValue, {3, 1}, "e");
  faults.error(FaultCode::BadValue, {1, 9}, "first");
  faults.error(FaultCode::BadValue, {1, 9}, "first");
  const auto all = faults.sorted();
  REQUIRE(all.size() == 3);
  CHECK(all[0].message == "first");
  CHECK(all[1].message == "e");
  CHECK(all[2].message == "w");
  CHECK(faults.error_count() == 2);
  CHECK(faults.warning_count() == 1);
}

TEST_CASE("warnings alone are no errors") {
  Faults faults("f");
  faults.warning(FaultCode::Unused, {1, 1}, "w");
  CHECK_FALSE(faults.has_errors());
  CHECK_FALSE(faults.empty());
}

TEST_CASE("of many faults the first fifty are shown and the rest is counted") {
  Faults faults("f");
  for (std::uint32_t line = 80; line >= 1; --line) faults.error(FaultCode::BadValue, {line, 1}, "wrong");
  CHECK(faults.sorted().size() == 50);
  CHECK(faults.sorted().front().mark.line == 1);
  CHECK(faults.to_text().find("... and 30 more") != std::string::npos);
}

TEST_CASE("a line that holds a secret is not printed, nor the lines it goes on in") {
  Faults faults("f");
  faults.set_source("a: 1\nkey: |\n  BEGIN\n  END\nb: 2\n");
  faults.hide_excerpt({2, 1});
  for (std::uint32_t line = 1; line <= 5; ++line) faults.error(FaultCode::BadValue, {line, 1}, "wrong");
  const std::string text = faults.to_text();
  CHECK(text.find("BEGIN") == std::string::npos);
  CHECK(text.find("END") == std::string::npos);
  CHECK(text.find("key: |") == std::string::npos);
  CHECK(text.find("    a: 1\n") != std::string::npos);
  CHECK(text.find("    b: 2\n") != std::string::npos);
}

TEST_CASE("a fault of the whole file has no line") {
  Faults faults("f");
  faults.error(FaultCode::Unreadable, {}, "the file cannot be read");
  CHECK(faults.to_text() == "f: error: the file cannot be read [CS1000]\n");
}

TEST_CASE("the JSON form carries every part of a fault") {
  Faults faults("f");
  faults.error(FaultCode::UnknownName, {4, 2}, "connector \"x\" is not defined", "did you mean \"y\"?");
  const auto json = nlohmann::json::parse(faults.to_json());
  CHECK(json.at("errors") == 1);
  CHECK(json.at("warnings") == 0);
  CHECK(json.at("faults").at(0) == nlohmann::json{{"code", "CS1040"},
                                                  {"severity", "error"},
                                                  {"file", "f"},
                                                  {"line", 4},
                                                  {"column", 2},
                                                  {"message", "connector \"x\" is not defined"},
                                                  {"suggestion", "did you mean \"y\"?"}});
}

}  // namespace
}  // namespace certspan::test
