#include <string>

#include <catch2/catch.hpp>

#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

using namespace std::chrono_literals;

const std::string kHead = R"(version: 1
connectors:
  scep:     { plugin: ndes, type: scep_server }
  password: { plugin: ndes, type: challenge }
  corp-ca:  { plugin: ca_local, type: ca }
  spare-ca: { plugin: ca_local, type: ca }
  aside:    { plugin: ca_local, type: ca }
profiles: { wifi: {} }
pipelines:
  devices:
    source: scep
    steps: [ { validate: password }, { issue: [corp-ca, spare-ca], profile: wifi } ]
tests:
  one:
)";

/// The single fault of a file with this test.
Fault fault_of_test(const std::string& test) {
  Faults faults("f");
  parse(kHead + test, faults);
  INFO(faults.to_text());
  REQUIRE(faults.error_count() == 1);
  return faults.sorted().front();
}

TEST_CASE("a test is read with every answer in its order") {
  Faults faults("f");
  const auto config = parse(kEveryKey, faults);
  REQUIRE(config);
  REQUIRE(config->tests.size() == 1);
  const TestConfig& test = config->tests.front();
  CHECK(test.name.name == "patience");
  CHECK(test.source.name == "scep");
  CHECK(test.labels == Labels{{"profile", "wifi-guest"}});
  REQUIRE(test.connectors.size() == 3);
  const auto& answers = test.connectors[1].answers;
  REQUIRE(answers.size() == 4);
  CHECK(answers[0].outcome == Outcome::Throttled);
  CHECK(answers[1].outcome == Outcome::Unknown);
  CHECK(answers[1].code == "acme.lost");
  CHECK(answers[1].takes == 20s);
  CHECK_FALSE(answers[2].outcome);
  CHECK(answers[3].call.name == "lookup");
  CHECK(test.connectors[2].answers.front().times == 3);
  CHECK(test.connectors[2].answers.front().retry_after == 1h);
  CHECK(test.expect.state == "done");
  CHECK(test.expect.issuer.name == "acme");
  REQUIRE(test.expect.calls);
  CHECK(test.expect.calls->at(1).name == "issue corp-ca");
  CHECK(test.expect.within == 48h);
}

TEST_CASE("an enrolment whose connectors all say ok need not be spelt out; no calls is not the same as any") {
  Faults faults("f");
  const auto config = parse(kHead + "    source: scep\n    expect: { state: refused, calls: [] }\n", faults);
  REQUIRE(config);
  REQUIRE_FALSE(faults.has_errors());
  CHECK(config->tests.front().message == "enrolment");
  REQUIRE(config->tests.front().expect.calls);
  CHECK(config->tests.front().expect.calls->empty());
}

TEST_CASE("a misspelt outcome is told at its place with what was meant") {
  const std::string test =
      "    source: scep\n    connectors: { corp-ca: [unkown] }\n    expect: { state: done }\n";
  const Fault fault = fault_of_test(test);
  CHECK(fault.code == FaultCode::BadValue);
  CHECK(fault.mark == place_in(kHead + test, "unkown"));
  CHECK(fault.suggestion == "did you mean \"unknown\"?");
}

TEST_CASE("a connector that no step names, or that is never asked for this, is a fault") {
  const auto with_actor = [](const std::string& actor) {
    return "    source: scep\n    connectors: { " + actor + " }\n    expect: { state: done }\n";
  };
  CHECK(fault_of_test(with_actor("corp-cb: ok")).suggestion == "did you mean \"corp-ca\"?");
  CHECK(fault_of_test(with_actor("aside: ok")).code == FaultCode::UnknownName);
  CHECK(fault_of_test(with_actor("scep: ok")).code == FaultCode::UnknownName);
  CHECK(fault_of_test(with_actor("password: { outcome: ok, call: issue }")).code == FaultCode::WrongRole);
  CHECK(fault_of_test(with_actor("profile: { outcome: ok, call: issue }")).code == FaultCode::WrongRole);
}

TEST_CASE("what is expected must be possible") {
  const auto expecting = [](const std::string& what) {
    return "    source: scep\n    expect: { state: done, " + what + " }\n";
  };
  CHECK(fault_of_test(expecting("issuer: password")).code == FaultCode::WrongRole);
  CHECK(fault_of_test(expecting("issuer: spare-cb")).suggestion == "did you mean \"spare-ca\"?");
  CHECK(fault_of_test(expecting("pipeline: device")).suggestion == "did you mean \"devices\"?");
  CHECK(fault_of_test(expecting("calls: [issued corp-ca]")).suggestion == "did you mean \"issue\"?");
  CHECK(fault_of_test(expecting("calls: [issue]")).code == FaultCode::BadValue);
  CHECK(fault_of_test(expecting("calls: [validate corp-ca]")).code == FaultCode::WrongRole);
  CHECK(fault_of_test(expecting("within: 5")).code == FaultCode::Unit);
}

TEST_CASE("a test of a source that no pipeline has, and one without an expectation, is a fault") {
  CHECK(fault_of_test("    source: scp\n    expect: { state: done }\n").suggestion ==
        "did you mean \"scep\"?");
  CHECK(fault_of_test("    source: scep\n").code == FaultCode::MissingKey);
  CHECK(fault_of_test("    source: scep\n    expect: {}\n").code == FaultCode::MissingKey);
}

}  // namespace
}  // namespace certspan::test
