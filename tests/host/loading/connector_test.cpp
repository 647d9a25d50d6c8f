#include "host/loading/connector.hpp"

#include <catch2/catch.hpp>

#include "host/loading/abi_limits.hpp"
#include "host/services/abi_views.hpp"
#include "tests/host/loading/fake_type.hpp"

namespace certspan {
namespace {

using Calls = std::vector<std::string>;
using Catch::Matchers::Contains;
using test::FakeType;

certspan_outcome with_fault(const certspan_fault_sink& sink, std::string_view pointer,
                            std::string_view message, certspan_outcome outcome) {
  sink.add(sink.context, to_abi(pointer), to_abi(message));
  return outcome;
}

Connector made_of(FakeType& fake) {
  return {"corp-ca", fake.plugin(), fake.type()};
}

TEST_CASE("a connector's life reaches the plugin in order, and each end once") {
  FakeType fake;
  {
    Connector connector("corp-ca", fake.plugin(), fake.type());
    CHECK(connector.state() == Life::New);
    CHECK(connector.runs_waits());
    REQUIRE(connector.validate_config("{}").ok());
    REQUIRE(connector.create(nullptr, "{}").ok());
    CHECK(connector.state() == Life::Created);
    REQUIRE(connector.start().ok());
    CHECK(connector.state() == Life::Started);
    REQUIRE(connector.open_intake().ok());
    CHECK(connector.state() == Life::Open);
    CHECK(connector.drain(std::chrono::steady_clock::time_point(std::chrono::seconds(5))) == Outcome::Ok);
    CHECK(fake.drain_deadline_ns == 5'000'000'000u);
    CHECK(connector.state() == Life::Draining);
    connector.stop();
    connector.stop();
    CHECK(connector.state() == Life::Stopped);
    connector.destroy();
    connector.destroy();
    CHECK(connector.state() == Life::Gone);
  }
  CHECK(fake.calls == Calls{"validate_config", "create corp-ca", "start", "open_intake", "close_intake",
                            "drain", "stop", "destroy"});
}

TEST_CASE("the destructor does what is left to do") {
  FakeType fake;
  { const Connector never_made = made_of(fake); }
  CHECK(fake.calls.empty());
  {
    Connector open = made_of(fake);
    REQUIRE(open.create(nullptr, "{}").ok());
    REQUIRE(open.start().ok());
    REQUIRE(open.open_intake().ok());
  }
  CHECK(fake.calls == Calls{"create corp-ca", "start", "open_intake", "close_intake", "stop", "destroy"});
}

TEST_CASE("calls out of turn are refused and reach no plugin") {
  FakeType fake;
  Connector connector = made_of(fake);
  CHECK(connector.start().outcome == Outcome::Internal);
  CHECK(connector.open_intake().outcome == Outcome::Internal);
  connector.close_intake();
  CHECK(connector.drain({}) == Outcome::Ok);
  connector.stop();
  CHECK(fake.calls.empty());
  CHECK(connector.state() == Life::New);

  REQUIRE(connector.create(nullptr, "{}").ok());
  const CallReport again = connector.create(nullptr, "{}");
  CHECK(again.outcome == Outcome::Internal);
  CHECK_THAT(again.text(), Contains("connector \"corp-ca\" is created"));
  connector.destroy();
  CHECK(connector.start().outcome == Outcome::Internal);
  CHECK(fake.calls == Calls{"create corp-ca", "stop", "destroy"});
}

TEST_CASE("a failed create leaves nothing behind, whether the plugin made something or not") {
  FakeType fake;
  fake.create = [](const certspan_fault_sink& sink) {
    return with_fault(sink, "/key", "there is no such file", CERTSPAN_INVALID);
  };
  {
    Connector connector = made_of(fake);
    const CallReport report = connector.create(nullptr, "{}");
    CHECK(report.outcome == Outcome::Invalid);
    CHECK(report.faults == std::vector<SettingsFault>{{"/key", "there is no such file"}});
    CHECK(connector.state() == Life::Gone);
  }
  CHECK(fake.calls == Calls{"create corp-ca", "stop", "destroy"});

  fake.calls.clear();
  fake.makes_instance = false;
  { CHECK_FALSE(made_of(fake).create(nullptr, "{}").ok()); }
  CHECK(fake.calls == Calls{"create corp-ca"});

  fake.create = {};
  Connector connector = made_of(fake);
  CHECK_THAT(connector.create(nullptr, "{}").text(), Contains("made nothing"));
}

TEST_CASE("a failed start is stopped, a failed open is closed") {
  FakeType fake;
  fake.start = [](const certspan_fault_sink& sink) {
    return with_fault(sink, "", "the CA does not answer", CERTSPAN_UNAVAILABLE);
  };
  Connector connector = made_of(fake);
  REQUIRE(connector.create(nullptr, "{}").ok());
  CHECK(connector.start().text() == "the CA does not answer");
  CHECK(connector.state() == Life::Stopped);
  CHECK(connector.start().outcome == Outcome::Internal);
  connector.destroy();
  CHECK(fake.calls == Calls{"create corp-ca", "start", "stop", "destroy"});

  FakeType source;
  source.open_intake = [](const certspan_fault_sink&) { return CERTSPAN_REJECTED; };
  Connector second = made_of(source);
  REQUIRE(second.create(nullptr, "{}").ok());
  REQUIRE(second.start().ok());
  CHECK(second.open_intake().outcome == Outcome::Rejected);
  CHECK(second.state() == Life::Started);
  CHECK(source.calls.back() == "close_intake");
}

TEST_CASE("an outcome and its faults are made to agree") {
  FakeType fake;
  fake.validate_config = [](const certspan_fault_sink& sink) {
    with_fault(sink, "/a", "one", CERTSPAN_OK);
    return with_fault(sink, "/b", "two\nlines", CERTSPAN_OK);
  };
  const CallReport lying = validate_settings(fake.type(), "{}");
  CHECK(lying.outcome == Outcome::Invalid);
  CHECK(lying.text() == "/a: one; /b: two lines");

  fake.validate_config = [](const certspan_fault_sink&) { return CERTSPAN_INVALID; };
  CHECK_THAT(validate_settings(fake.type(), "{}").text(), Contains("without saying why"));
  fake.validate_config = [](const certspan_fault_sink&) { return 77; };
  CHECK(validate_settings(fake.type(), "{}").outcome == Outcome::Internal);
  fake.validate_config = [](const certspan_fault_sink& sink) {
    for (int i = 0; i < 10000; ++i) with_fault(sink, "", "again", CERTSPAN_OK);
    return CERTSPAN_INVALID;
  };
  CHECK(validate_settings(fake.type(), "{}").faults.size() == abi_limit::kFaults);
}

TEST_CASE("settings over the contract's size never reach the plugin") {
  FakeType fake;
  CHECK(validate_settings(fake.type(), std::string(abi_limit::kSettings, ' ')).ok());
  CHECK_FALSE(validate_settings(fake.type(), std::string(abi_limit::kSettings + 1, ' ')).ok());
  CHECK(fake.calls.size() == 1);
}

TEST_CASE("a role whose table is too short is no role") {
  FakeType fake;
  FakeType::offers_all = false;
  CHECK(made_of(fake).role<certspan_role_issuer>() == &FakeType::issuer_table);
  CHECK(made_of(fake).role<certspan_role_source>() == nullptr);
  FakeType::issuer_table.struct_size -= 8;
  CHECK(made_of(fake).role<certspan_role_issuer>() == nullptr);
}

TEST_CASE("a type that is no source opens without doing anything") {
  FakeType fake;
  FakeType::offers_all = false;
  Connector connector = made_of(fake);
  REQUIRE(connector.create(nullptr, "{}").ok());
  REQUIRE(connector.start().ok());
  CHECK(connector.open_intake().ok());
  CHECK(connector.state() == Life::Started);
  CHECK(fake.calls == Calls{"create corp-ca", "start"});
}

TEST_CASE("an unfinished drain is reported") {
  FakeType fake;
  fake.drains = CERTSPAN_UNAVAILABLE;
  Connector connector = made_of(fake);
  REQUIRE(connector.create(nullptr, "{}").ok());
  REQUIRE(connector.start().ok());
  CHECK(connector.drain(std::chrono::steady_clock::now()) == Outcome::Unavailable);
  CHECK(connector.state() == Life::Draining);
}

}  // namespace
}  // namespace certspan
