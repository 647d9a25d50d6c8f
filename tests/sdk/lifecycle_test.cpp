#include <catch2/catch.hpp>

#include <string>

#include <certspan/testing/connector_under_test.hpp>

#include "tests/sdk/toy_connectors.hpp"

namespace certspan::sdk {
namespace {

using testing::ConnectorUnderTest;
using testing::FakeHost;
using testing::FaultRecorder;

/// Makes an instance that must not come to be.
certspan_outcome refused_create(std::string_view settings, FaultRecorder& faults) {
  FakeHost host;
  certspan_instance* instance = nullptr;
  const certspan_outcome outcome =
      kSmallest.create(host.c_host(), to_abi("x"), to_abi(settings), faults.sink(), &instance);
  CHECK(instance == nullptr);
  return outcome;
}

TEST_CASE("a constructor that names the setting at fault is a fault at that place") {
  FaultRecorder faults;
  CHECK(refused_create("bad key", faults) == CERTSPAN_INVALID);
  REQUIRE(faults.faults().size() == 1);
  CHECK(faults.faults()[0].pointer == "/ca/key");
  CHECK(faults.faults()[0].message == "cannot read the key");
}

TEST_CASE("a constructor that throws anything else is a fault of the whole") {
  FaultRecorder faults;
  CHECK(refused_create("broken", faults) == CERTSPAN_INTERNAL);
  REQUIRE(faults.faults().size() == 1);
  CHECK(faults.faults()[0].pointer.empty());
  CHECK(faults.faults()[0].message == "cannot start at all");
}

TEST_CASE("settings are valid without a validator, and all faults of one are told") {
  FaultRecorder faults;
  CHECK(kSmallest.validate_config(to_abi("{}"), faults.sink()) == CERTSPAN_OK);
  CHECK(kFull.validate_config(to_abi("{}"), faults.sink()) == CERTSPAN_OK);
  CHECK(faults.faults().empty());

  CHECK(kFull.validate_config(to_abi("two faults"), faults.sink()) == CERTSPAN_INVALID);
  REQUIRE(faults.faults().size() == 2);
  CHECK(faults.faults()[0].pointer == "/a");
  CHECK(faults.faults()[1].pointer == "/b");
}

TEST_CASE("a refusal of settings always comes with a fault") {
  FaultRecorder faults;
  CHECK(kFull.validate_config(to_abi("refused in silence"), faults.sink()) == CERTSPAN_INVALID);
  CHECK(faults.faults().size() == 1);
}

TEST_CASE("a fault during start keeps the connector down, and stop is legal after it, twice") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  FullCa::fail_start = true;
  CHECK_THROWS_WITH(ca.start(), "start failed: nobody answers");
  FullCa::fail_start = false;
  kFull.stop(ca.instance());
  kFull.stop(ca.instance());
  CHECK(host.logs().size() == 2);
}

TEST_CASE("a stop that throws ends at the edge and is logged") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  FullCa::fail_stop = true;
  kFull.stop(ca.instance());
  FullCa::fail_stop = false;
  REQUIRE(host.logs().size() == 2);
  CHECK(host.logs()[1].event == "plugin.exception");
  CHECK(host.logs()[1].level == CERTSPAN_LOG_ERROR);
  CHECK(host.logs()[1].fields.at(0).value == "cannot stop");
}

TEST_CASE("drain is told the deadline and whether it was kept") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto later = std::chrono::duration_cast<std::chrono::nanoseconds>(now + std::chrono::minutes(1));
  CHECK(kFull.drain(ca.instance(), static_cast<std::uint64_t>(later.count())) == CERTSPAN_OK);
  CHECK(kFull.drain(ca.instance(), 1) == CERTSPAN_UNAVAILABLE);
}

TEST_CASE("actions are listed and run, with a connector or without one") {
  FakeHost host;
  ConnectorUnderTest ca(kFull, host, "{}");
  const auto& actions = ca.role<certspan_actions>(CERTSPAN_INTERFACE_ACTIONS);
  REQUIRE(actions.action_count == 2);
  CHECK(std::string(actions.actions[0]->name) == "init");
  CHECK(actions.actions[0]->flags == CERTSPAN_ACTION_OFFLINE);
  CHECK(actions.actions[1]->person == CERTSPAN_PERSON_OFFICER);
  CHECK(ca.run_action("ca_csr", "{}") == "ca_csr with {}");

  std::string result;
  const certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, &result,
                                    [](void* context, certspan_bytes_view value) noexcept {
                                      *static_cast<std::string*>(context) = text_of(from_abi(value));
                                    }};
  FaultRecorder faults;
  CHECK(actions.run(nullptr, "init", to_abi("{}"), &sink, faults.sink()) == CERTSPAN_OK);
  CHECK(result == R"({"made":1})");
  CHECK(actions.run(nullptr, "ca_csr", to_abi("{}"), &sink, faults.sink()) == CERTSPAN_INVALID);
  CHECK(faults.faults().size() == 1);
}

TEST_CASE("a plugin's descriptor carries the contract's version and its types") {
  static constexpr certspan_plugin kPlugin = Plugin<SmallestCa, FullCa>::describe("com.acme.ca", "1.2.3");
  CHECK(kPlugin.struct_size == sizeof(certspan_plugin));
  CHECK(kPlugin.abi_major == CERTSPAN_ABI_MAJOR);
  CHECK(kPlugin.abi_minor == CERTSPAN_ABI_MINOR);
  CHECK(kPlugin.abi_build == CERTSPAN_ABI_BUILD);
  REQUIRE(kPlugin.type_count == 2);
  CHECK(kPlugin.types[0] == &kSmallest);
  CHECK(kPlugin.types[1] == &kFull);
  CHECK(std::string(kPlugin.id) == "com.acme.ca");
  CHECK(std::string(kPlugin.version) == "1.2.3");
}

}  // namespace
}  // namespace certspan::sdk
