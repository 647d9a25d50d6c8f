#include "plugins/common/connector/profiles.hpp"

#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pki/profile_schema.hpp"

namespace certspan::connector {
namespace {

using nlohmann::json;

TEST_CASE("profiles are read by name, and each fault stands at its place") {
  FaultList list;
  sdk::Faults faults = list.faults();
  const json settings = json::parse(R"({"profiles": {
    "wifi": {"san": ["dns"], "validity": "30d", "keys": ["p256"]},
    "a/b~c": {"eku": ["client_auth", "no_such_purpose"], "validity": "30"}}})");
  const ProfileMap profiles = read_profiles(settings, faults);
  REQUIRE(profiles.size() == 1);
  CHECK(profiles.at("wifi").validity_seconds == 30 * 86'400);
  std::set<std::string> pointers;
  for (const auto& [pointer, message] : list.entries()) pointers.insert(pointer);
  CHECK(pointers == std::set<std::string>{"/profiles/a~1b~0c/eku/1", "/profiles/a~1b~0c/validity"});
}

TEST_CASE("settings without profiles have none, and profiles must be a map") {
  FaultList list;
  sdk::Faults faults = list.faults();
  CHECK(read_profiles(json::object(), faults).empty());
  CHECK(list.empty());
  CHECK(read_profiles(json::parse(R"({"profiles": ["wifi"]})"), faults).empty());
  REQUIRE(list.entries().size() == 1);
  CHECK(list.entries().front().first == "/profiles");
}

TEST_CASE("a constructor throws the first of its faults") {
  FaultList list;
  list.throw_first();
  list.faults().add("/key", "first");
  list.faults().add("/other", "second");
  try {
    list.throw_first();
    FAIL("nothing was thrown");
  } catch (const sdk::SettingsFault& fault) {
    CHECK(fault.pointer() == "/key");
    CHECK(std::string(fault.what()) == "first");
  }
}

TEST_CASE("the published schema of a profile names every key with a description") {
  const json schema = json::parse(pki::kProfileSchema);
  CHECK(schema.at("additionalProperties") == false);
  for (const char* key : {"subject", "subject_required", "san", "key_usage", "eku", "validity", "keys"}) {
    CAPTURE(key);
    CHECK_FALSE(schema.at("properties").at(key).at("description").get<std::string>().empty());
  }
}

TEST_CASE("texts are joined at compile time") {
  constexpr auto kJoined = join_texts("{\"a\": ", "1", "}");
  CHECK(std::string(kJoined.data()) == "{\"a\": 1}");
  CHECK(kJoined.size() == 9);
}

}  // namespace
}  // namespace certspan::connector
