#include "plugins/ndes/approval/approval.hpp"

#include <catch2/catch.hpp>
#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>

namespace certspan::scep::test {

TEST_CASE("approval leaves every request to a person, and says how long until it reminds") {
  sdk::testing::FakeHost host;
  const auto& type = sdk::ConnectorType<Approval>::kTable;
  for (const auto& [settings, remind] :
       {std::pair{"{}", 24U * 60 * 60 * 1000}, {R"({"remind": 60000})", 60'000U}}) {
    sdk::testing::ConnectorUnderTest connector(type, host, settings);
    connector.start();
    sdk::testing::FakeItem item;
    const auto answer = connector.validate(item);
    CHECK(answer.outcome == sdk::Outcome::Pending);
    CHECK(answer.handle.empty());
    CHECK(answer.retry_after_ms == remind);
    const auto& role = connector.role<certspan_role_validator>(CERTSPAN_ROLE_VALIDATOR);
    CHECK((role.flags & CERTSPAN_VALIDATOR_ASKS_PERSON) != 0);
  }
}

}  // namespace certspan::scep::test
