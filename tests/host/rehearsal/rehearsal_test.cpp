#include "host/rehearsal/rehearsal.hpp"

#include <catch2/catch.hpp>

#include "host/config/load_config.hpp"
#include "host/rehearsal/story.hpp"

namespace certspan {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHead = R"(version: 1
connectors:
  scep:     { plugin: ndes, type: scep_server }
  password: { plugin: ndes, type: challenge }
  first:    { plugin: acme, type: ca }
  second:   { plugin: acme, type: ca }
  blind:    { plugin: acme, type: blind_ca }
profiles: { wifi: {} }
pipelines:
  blind:
    source: scep
    when: { profile: blind }
    steps: [ { validate: password }, { issue: [blind, second], profile: wifi } ]
  devices:
    source: scep
    when: { message: enrolment }
    steps: [ { validate: password }, { issue: [first, second], profile: wifi, retry: { attempts: 3, backoff: 1s..1m } } ]
    deadline: 3d
    otherwise: reject
tests:
  it:
    source: scep
)";

Cast cast() {
  Cast cast;
  cast["scep"] = {};
  cast["password"] = {};
  cast["profile"] = {};
  cast["first"] = {.runs_waits = true, .has_poll = true, .has_lookup = true, .concurrency = 2};
  cast["second"] = {.runs_waits = true, .idempotent = true, .has_poll = true, .concurrency = 2};
  cast["blind"] = {.runs_waits = true};
  return cast;
}

Config config_of(const std::string& test) {
  Faults faults("f");
  auto config =
      parse_config("/f.yaml", std::string(kHead) + test, {.environment = {}, .directory = "/"}, faults);
  INFO(faults.to_text());
  REQUIRE(config);
  REQUIRE_FALSE(faults.has_errors());
  return *config;
}

TestReport play(const std::string& test) {
  const Config config = config_of(test);
  auto report = rehearse(config, config.tests.front(), cast());
  REQUIRE(report);
  return *report;
}

std::string complaints(const TestReport& report) {
  std::string all;
  for (const std::string& complaint : report.complaints) all += complaint + "; ";
  return all;
}

TEST_CASE("where every connector says ok the first CA issues, and no time passes") {
  const TestReport report = play(
      "    expect: { state: done, issuer: first, pipeline: devices, within: 1s, calls: [validate password, "
      "issue first] }\n");
  CHECK(complaints(report) == "");
  REQUIRE(report.end() != nullptr);
  CHECK(report.events.back().at == 0s);
}

TEST_CASE("the next CA is asked only when the first is certainly not going to issue") {
  CHECK(complaints(play(R"(
    connectors: { first: [unavailable] }
    expect: { state: done, issuer: second, calls: [validate password, issue first, issue second] }
)")) == "");
  CHECK(complaints(play(R"(
    connectors: { first: [unknown, { call: lookup, outcome: unavailable }, { call: lookup, outcome: cancelled }] }
    expect: { state: done, issuer: second, calls: [validate password, issue first, lookup first, lookup first, issue second] }
)")) == "");
  CHECK(complaints(play(R"(
    labels: { profile: blind }
    connectors: { blind: [unknown] }
    expect: { state: held, pipeline: blind, calls: [validate password, issue blind] }
)")) == "");
}

TEST_CASE("48 hours of pending pass in a moment, over a host that dies in the middle") {
  const TestReport report = play(R"(
    connectors:
      first:
        - { outcome: pending, retry_after: 1h, times: 24 }
        - { call: poll, outcome: crash }
        - { outcome: pending, retry_after: 1h, times: 24 }
    expect: { state: done, issuer: first }
)");
  CHECK(complaints(report) == "");
  CHECK(report.events.back().at == 48h);
  std::size_t issues = 0;
  for (const Event& event : report.events) {
    const auto* call = std::get_if<CallEvent>(&event.what);
    if (call != nullptr && call->call == "issue") ++issues;
  }
  CHECK(issues == 1);
}

TEST_CASE("a host that dies while a CA is asked asks it what came of it, or again if that is safe") {
  CHECK(complaints(play(R"(
    connectors: { first: [crash] }
    expect: { state: done, issuer: first, calls: [validate password, issue first, lookup first] }
)")) == "");
  CHECK(complaints(play(R"(
    connectors: { first: [unavailable], second: [crash] }
    expect: { state: done, issuer: second, calls: [validate password, issue first, issue second, issue second] }
)")) == "");
  CHECK(complaints(play(R"(
    labels: { profile: blind }
    connectors: { blind: [crash] }
    expect: { state: held, calls: [validate password, issue blind] }
)")) == "");
}

TEST_CASE("a host that dies before anything was accepted is asked again by its device") {
  CHECK(complaints(play(R"(
    connectors: { password: [crash] }
    expect: { state: done, calls: [validate password, validate password, issue first] }
)")) == "");
}

TEST_CASE("what is not as expected is told, and where the calls begin to differ") {
  const TestReport report = play(R"(
    connectors: { password: { outcome: rejected, code: challenge.wrong } }
    expect: { state: done, issuer: first, code: challenge.right, calls: [validate password, issue first] }
)");
  CHECK(complaints(report) ==
        "the state is failed, not done; the issuer is none, not first; the code is challenge.wrong, not "
        "challenge.right; call 2 is \"no more\", not \"issue first\"; ");
  CHECK(story_text(report).find("it: FAILED") == 0);
  CHECK(story_text(report).find("the device is told: no (challenge.wrong)") != std::string::npos);
}

TEST_CASE("what is still under way when its time is over is seen as it stands then") {
  CHECK(complaints(play(R"(
    connectors: { first: { outcome: pending, retry_after: 2h, times: 100 } }
    expect: { state: pending, within: 1d }
)")) == "");
  const TestReport slow = play(R"(
    connectors: { first: { outcome: ok, takes: 2m } }
    expect: { state: done, within: 3m }
)");
  CHECK(complaints(slow) == "");
  // The device does not wait so long.
  CHECK(story_text(slow).find("the device is told: try later") != std::string::npos);
}

TEST_CASE(
    "tries that are used up make a dead letter; a deadline with an order that can't be taken back is held") {
  CHECK(complaints(play(R"(
    connectors: { first: { outcome: unavailable, times: 9 }, second: { outcome: unavailable, times: 9 } }
    expect: { state: dead, within: 1h }
)")) == "");
  CHECK(complaints(play(R"(
    connectors: { first: { outcome: pending, retry_after: 6h, times: 100 } }
    expect: { state: held, code: item.deadline }
)")) == "");
}

TEST_CASE("a request that no pipeline takes is turned away") {
  const TestReport report = play(R"(
    message: renewal
    expect: { state: refused, code: pipeline.no_match, calls: [] }
)");
  CHECK(complaints(report) == "");
}

TEST_CASE("answers that nobody asked for are told") {
  const TestReport report = play(R"(
    connectors: { second: [unavailable] }
    expect: { state: done }
)");
  CHECK(report.unused == std::vector<std::string>{"second 1"});
}

}  // namespace
}  // namespace certspan
