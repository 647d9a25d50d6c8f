// The embedded CA, called through the contract's tables.
#pragma once

#include <string>
#include <vector>

#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <nlohmann/json.hpp>

#include "plugins/ca_local/local_ca.hpp"
#include "tests/plugins/common/connector/hostile_requests.hpp"
#include "tests/plugins/common/connector/test_ca.hpp"

namespace certspan::ca_local::test {

inline const certspan_connector_type& ca_type() {
  return sdk::ConnectorType<LocalCa>::kTable;
}

/// Settings for `ca`, with the profile "wifi" (kStrictProfile); change them before the connector is made.
inline nlohmann::json settings_for(const certspan::test::TestCa& ca) {
  return {{"certificate_file", ca.certificate_file()},
          {"key", "secret:0"},
          {"profiles", {{"wifi", nlohmann::json::parse(certspan::test::kStrictProfile)}}}};
}

/// A host that opens "secret:0" as the CA's key, and a started connector.
class CaUnderTest {
 public:
  explicit CaUnderTest(const certspan::test::TestCa& ca) : CaUnderTest(ca, settings_for(ca)) {}
  CaUnderTest(const certspan::test::TestCa& ca, const nlohmann::json& settings)
      : host_(ca), connector(ca_type(), host_, settings.dump(), "corp-ca") {
    connector.start();
  }

  sdk::testing::FakeHost& host() { return host_; }

  sdk::testing::RecordedAnswer issue(pki::BytesView request, std::uint8_t key = 1,
                                     const std::string& profile = "wifi") {
    auto item = item_for(request, key, profile);
    return connector.issue(item);
  }
  sdk::testing::RecordedAnswer lookup(std::uint8_t key) {
    auto item = item_for({}, key, "wifi");
    return connector.lookup(item);
  }

  static sdk::testing::FakeItem item_for(pki::BytesView request, std::uint8_t key,
                                         const std::string& profile) {
    sdk::testing::FakeItem item;
    item.key = sdk::ByteBuffer(32, key);
    item.request = pki::to_bytes(request);
    item.profile = profile;
    return item;
  }

 private:
  struct HostWithKey : sdk::testing::FakeHost {
    explicit HostWithKey(const certspan::test::TestCa& ca) { secrets["secret:0"] = ca.key_pem(); }
  };
  HostWithKey host_;

 public:
  sdk::testing::ConnectorUnderTest connector;
};

/// Pointers of the faults that `validate_config` finds.
inline std::vector<sdk::testing::RecordedFault> faults_of(const nlohmann::json& settings) {
  sdk::testing::FaultRecorder recorder;
  ca_type().validate_config(sdk::to_abi(settings.dump()), recorder.sink());
  return recorder.faults();
}

}  // namespace certspan::ca_local::test
