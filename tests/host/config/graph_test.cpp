#include "host/config/graph.hpp"

#include <catch2/catch.hpp>

#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

Config example() {
  Faults faults("f");
  const auto config = parse(kExample, faults);
  REQUIRE(config);
  return *config;
}

TEST_CASE("pipelines are drawn as text that reads from top to bottom") {
  CHECK(graph_text(example()) ==
        "device-wifi\n"
        "  from scep: profile = wifi-*\n"
        "  1. validate with password (20s a call, 6 attempts)\n"
        "  2. issue by corp-ca, else corp-ca-2, profile wifi (20s a call, 6 attempts)\n"
        "  the client waits 45s, then hears \"try later\"\n"
        "  other items of scep are rejected\n");
}

TEST_CASE("pipelines are drawn as a Mermaid flowchart from source to reply") {
  CHECK(graph_mermaid(example()) ==
        "flowchart LR\n"
        "  source0>\"scep\"]\n"
        "  source0 -->|\"profile = wifi-*\"| p0s0\n"
        "  source0 -->|\"otherwise\"| reject0([\"reject\"])\n"
        "  subgraph p0[\"device-wifi\"]\n"
        "    p0s0{{\"validate: password\"}}\n"
        "    p0s1[\"issue: corp-ca, else corp-ca-2 (profile wifi)\"]\n"
        "    p0reply([\"reply\"])\n"
        "    p0s0 --> p0s1\n"
        "    p0s1 --> p0reply\n"
        "  end\n");
}

TEST_CASE("open enrolment is shouted, and patterns can not break the drawing") {
  Faults faults("f");
  const auto config = parse(R"(version: 1
connectors: { s: { plugin: a, type: b } }
profiles: { p: {} }
pipelines:
  one:
    source: s
    when: { device: ['"]; x -->'] }
    steps: [ { issue: s, profile: p } ]
    otherwise: reject
    danger_open_enrolment: true
)",
                            faults);
  REQUIRE(config);
  CHECK(graph_text(*config).find("DANGER: open enrolment") != std::string::npos);
  CHECK(graph_mermaid(*config).find("|\"device = #34;]#59; x --#62;\"|") != std::string::npos);
}

}  // namespace
}  // namespace certspan::test
