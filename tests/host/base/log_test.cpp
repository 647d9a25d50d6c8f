#include "host/base/log.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "host/base/event.hpp"

using namespace certspan;

namespace {

/// What a log of this format writes for one event.
std::string written(LogFormat format, std::string_view event) {
  const auto file = std::filesystem::temp_directory_path() / ("certspan-log-" + std::to_string(::getpid()));
  {
    const auto log = Log::open({.level = LogLevel::Info, .format = format, .file = file});
    REQUIRE(log);
    (*log)->write(LogLevel::Info, event, {{"work", "w-1"}, {"reason", "two words\n"}});
  }
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  std::filesystem::remove(file);
  return text;
}

}  // namespace

TEST_CASE("a record of the log tells the number of its event, as text and as JSON") {
  CHECK(written(LogFormat::Text, "issued")
            .ends_with(" info  4006 issued work=w-1 reason=\"two words\\u000a\""));
  CHECK(written(LogFormat::Text, "started").find(" 0001 started ") != std::string::npos);
  CHECK(written(LogFormat::Json, "issued")
            .ends_with("\"number\":4006,\"name\":\"ScepIssuedSuccess\",\"event\":\"issued\",\"work\":\"w-1\","
                       "\"reason\":\"two words\\u000a\"}"));
}

TEST_CASE("what a plugin calls by a name of its own has the number for that") {
  CHECK(written(LogFormat::Text, "disk spins").find(" 0900 disk spins ") != std::string::npos);
}

TEST_CASE("each kind of event has a number, a name and a phrase of its own, in the range of its work") {
  std::set<std::string_view> names;
  std::set<std::string_view> phrases;
  for (const EventKind& kind : event_kinds()) {
    CHECK(names.insert(kind.name).second);
    CHECK(phrases.insert(kind.phrase).second);
    CHECK(kind.number < 6000);
    CHECK(event_kind(kind.phrase).number == kind.number);
    const bool scep = kind.name.starts_with("Scep") || kind.name.starts_with("Ra");
    CHECK(scep == (kind.number >= 4000 && kind.number < 5000));
  }
}
