#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "host/config/check_types.hpp"
#include "host/config/sections.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

/// What the pipelines of one source ask of connectors.
struct Parts {
  std::vector<std::string> pipelines;
  std::vector<std::string> connectors;
  std::set<std::string, std::less<>> validators;
  std::set<std::string, std::less<>> issuers;
  std::set<std::string, std::less<>> deliverers;
  std::set<std::string, std::less<>> revokers;

  std::set<std::string, std::less<>>& of(StepKind kind) {
    if (kind == StepKind::Validate) return validators;
    if (kind == StepKind::Revoke) return revokers;
    return kind == StepKind::Issue ? issuers : deliverers;
  }

  bool has(std::string_view connector) const {
    return std::ranges::find(connectors, connector) != connectors.end();
  }
};

Parts parts_of(const Config& config, std::string_view source) {
  Parts parts;
  for (const PipelineConfig& pipeline : config.pipelines) {
    if (pipeline.source.name != source) continue;
    parts.pipelines.push_back(pipeline.name.name);
    for (const StepConfig& step : pipeline.steps) {
      for (const Named& connector : step.connectors) {
        parts.of(step.kind).insert(connector.name);
        if (!parts.has(connector.name)) parts.connectors.push_back(connector.name);
      }
    }
  }
  return parts;
}

bool is_asked(const Parts& parts, std::string_view connector, std::string_view call) {
  if (connector == kFenceConnector) return call == "check_request" || call == "check_certificate";
  if (call == "validate") return parts.validators.contains(connector);
  if (call == "deliver") return parts.deliverers.contains(connector);
  return parts.issuers.contains(connector) && !call.starts_with("check_");
}

class TestChecker {
 public:
  TestChecker(const TestConfig& test, Parts parts, Faults& faults)
      : test_(test), parts_(std::move(parts)), faults_(faults) {}

  void run() {
    for (const ActorConfig& actor : test_.connectors) {
      if (actor.name.name != kFenceConnector && !check_part(actor.name)) continue;
      for (const AnswerConfig& answer : actor.answers) {
        if (!answer.call.name.empty()) check_call(actor.name.name, answer.call.name, answer.call.mark);
      }
    }
    const ExpectConfig& expect = test_.expect;
    if (!expect.issuer.name.empty()) check_issuer(expect.issuer);
    if (!expect.pipeline.name.empty()) check_pipeline(expect.pipeline);
    if (!expect.calls) return;
    for (const Named& call : *expect.calls) {
      const std::size_t blank = call.name.find(' ');
      const Named connector{call.name.substr(blank + 1), call.mark};
      if (check_part(connector)) check_call(connector.name, call.name.substr(0, blank), call.mark);
    }
  }

 private:
  bool check_part(const Named& connector) {
    if (parts_.has(connector.name)) return true;
    std::string hint = did_you_mean(connector.name, parts_.connectors);
    if (hint.empty()) hint = fmt::format("they name: {}", listing(parts_.connectors));
    faults_.error(FaultCode::UnknownName, connector.mark,
                  fmt::format("no step of the pipelines of source \"{}\" names a connector \"{}\"",
                              test_.source.name, connector.name),
                  std::move(hint));
    return false;
  }

  void check_call(std::string_view connector, std::string_view call, Mark mark) {
    if (is_asked(parts_, connector, call)) return;
    faults_.error(FaultCode::WrongRole, mark,
                  fmt::format("connector \"{}\" is never asked for \"{}\"", connector, call));
  }

  void check_issuer(const Named& issuer) {
    if (!check_part(issuer) || parts_.issuers.contains(issuer.name)) return;
    faults_.error(FaultCode::WrongRole, issuer.mark,
                  fmt::format("no step issues at connector \"{}\"", issuer.name));
  }

  void check_pipeline(const Named& pipeline) {
    if (std::ranges::find(parts_.pipelines, pipeline.name) != parts_.pipelines.end()) return;
    faults_.error(FaultCode::UnknownName, pipeline.mark,
                  fmt::format("source \"{}\" has no pipeline \"{}\"", test_.source.name, pipeline.name),
                  did_you_mean(pipeline.name, parts_.pipelines));
  }

  const TestConfig& test_;
  Parts parts_;
  Faults& faults_;
};

}  // namespace

void check_tests(const Config& config, Faults& faults) {
  std::vector<std::string> sources;
  for (const PipelineConfig& pipeline : config.pipelines) {
    if (!pipeline.source.name.empty() && std::ranges::find(sources, pipeline.source.name) == sources.end()) {
      sources.push_back(pipeline.source.name);
    }
  }
  for (const TestConfig& test : config.tests) {
    if (test.source.name.empty()) continue;  // missing or malformed: reported where it was read
    if (std::ranges::find(sources, test.source.name) == sources.end()) {
      std::string hint = did_you_mean(test.source.name, sources);
      if (hint.empty()) hint = fmt::format("there are: {}", listing(sources));
      faults.error(FaultCode::UnknownName, test.source.mark,
                   fmt::format("no pipeline has a source \"{}\"", test.source.name), std::move(hint));
      continue;
    }
    TestChecker(test, parts_of(config, test.source.name), faults).run();
  }
}

}  // namespace certspan
