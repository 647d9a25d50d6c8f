#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/plugins/profile/fence_under_test.hpp"

namespace certspan::profile {
namespace {

using nlohmann::json;

std::set<std::string> faults_of(std::string_view settings) {
  sdk::testing::FaultRecorder recorder;
  const auto outcome = test::fence_type().validate_config(sdk::to_abi(settings), recorder.sink());
  CHECK((outcome == CERTSPAN_OK) == recorder.faults().empty());
  std::set<std::string> pointers;
  for (const auto& fault : recorder.faults()) pointers.insert(fault.pointer);
  return pointers;
}

TEST_CASE("every fault of every profile is reported at its place, in one run") {
  CHECK(faults_of(R"({"profiles": {"wifi": {}}})").empty());
  const auto faults = faults_of(R"({"profiles": {
    "wifi": {"eku": ["client_auht"], "validity": "365", "keys": ["rsa>=1024"], "san": ["dns", "sid"]},
    "vpn": {"key_usage": ["key_cert_sign"], "eku": ["2.5.29.37.0"], "colour": "red"}}})");
  CHECK(faults == std::set<std::string>{"/profiles/wifi/eku/0", "/profiles/wifi/validity",
                                        "/profiles/wifi/keys/0", "/profiles/wifi/san/1",
                                        "/profiles/vpn/key_usage/0", "/profiles/vpn/eku/0",
                                        "/profiles/vpn/colour"});
}

TEST_CASE("settings that are no mapping are a fault of the whole") {
  CHECK(faults_of("[]") == std::set<std::string>{""});
  CHECK(faults_of("") == std::set<std::string>{""});
}

TEST_CASE("a fence with a faulty profile is not made") {
  sdk::testing::FakeHost host;
  CHECK_THROWS(sdk::testing::ConnectorUnderTest(test::fence_type(), host,
                                                R"({"profiles": {"wifi": {"san": "dns"}}})"));
}

TEST_CASE("the published schema is JSON, closed, and lets the host put the profiles in") {
  const json schema = json::parse(test::fence_type().settings_schema);
  CHECK(schema.at("additionalProperties") == false);
  const json& profiles = schema.at("properties").at("profiles");
  CHECK(profiles.at("x-certspan-profiles") == true);
  CHECK(profiles.at("additionalProperties").at("properties").contains("eku"));
}

}  // namespace
}  // namespace certspan::profile
