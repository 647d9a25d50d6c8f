#include "host/config/check_types.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

TEST_CASE("the example of the architecture page becomes settings, secrets and grants") {
  Faults faults("test.yaml");
  const auto config = parse(kExample, faults);
  REQUIRE(config);
  const PreparedConfig prepared = check_against_types(*config, FakeCatalog(), faults);
  INFO(faults.to_text());
  CHECK(faults.empty());
  REQUIRE(prepared.connectors.size() == 5);

  const PreparedConnector* scep = prepared.connector("scep");
  REQUIRE(scep);
  CHECK(nlohmann::json::parse(scep->settings) == nlohmann::json{{"listener", "web"}, {"path", "/scep"}});
  REQUIRE(scep->grants.size() == 1);
  CHECK(scep->grants[0].listener == "web");
  CHECK(scep->grants[0].paths == std::vector<std::string>{"/scep"});

  const PreparedConnector* ca = prepared.connector("corp-ca");
  REQUIRE(ca);
  CHECK(nlohmann::json::parse(ca->settings).at("key") == "secret:0");
  REQUIRE(ca->secrets.size() == 1);
  CHECK(to_string(ca->secrets[0]) == "${credential:ca-key}");

  const PreparedConnector* fence = prepared.connector("profile");
  REQUIRE(fence);
  const auto wifi = nlohmann::json::parse(fence->settings).at("profiles").at("wifi");
  CHECK(wifi.at("validity") == 365LL * 86400 * 1000);
  CHECK(fence->place_of("/profiles/wifi/validity") == place_in(kExample, "validity"));
}

}  // namespace
}  // namespace certspan::test
