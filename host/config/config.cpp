#include "host/config/config.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "host/config/glob.hpp"

namespace certspan {
namespace {

template <typename Range>
auto find_named(const Range& range, std::string_view name) -> decltype(range.data()) {
  const auto found = std::find_if(range.begin(), range.end(),
                                  [&](const auto& element) { return element.name.name == name; });
  return found == range.end() ? nullptr : &*found;
}

bool matches(const WhenRule& rule, std::string_view value) {
  return std::any_of(rule.globs.begin(), rule.globs.end(),
                     [&](const std::string& glob) { return glob_matches(glob, value); });
}

}  // namespace

std::string_view to_string(Person person) {
  switch (person) {
    case Person::Viewer:
      return "viewer";
    case Person::Operator:
      return "operator";
    case Person::Officer:
      return "officer";
    case Person::Admin:
      return "admin";
  }
  return "";
}

bool Listener::is_loopback() const {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24U == IN_LOOPBACKNET;
  return host == "localhost" || host == "::1";
}

const Listener* HostSection::listener(std::string_view name) const {
  return find_named(listeners, name);
}

const ConnectorConfig* Config::connector(std::string_view name) const {
  return find_named(connectors, name);
}

const PipelineConfig* Config::pipeline(std::string_view name) const {
  return find_named(pipelines, name);
}

std::vector<Step> PipelineConfig::resolved_steps() const {
  std::vector<Step> resolved;
  for (const StepConfig& step : steps) {
    Step& made = resolved.emplace_back();
    made.kind = step.kind;
    for (const Named& connector : step.connectors) made.connectors.push_back(connector.name);
    made.profile = step.profile.name;
    made.timeout = step.timeout;
    made.retry = step.retry;
    made.required = step.required;
    made.after_reply = step.after_reply;
    for (const Named& each : step.sources) made.sources.push_back(each.name);
    if (step.kind == StepKind::Revoke) made.reason = step.reason;
    made.revokes_foreign = step.danger_revoke_foreign;
  }
  // A validator judges for the certificate that its pipeline asks for next.
  std::string_view next;
  for (auto step = resolved.rbegin(); step != resolved.rend(); ++step) {
    if (step->profile.empty()) step->profile = next;
    next = step->profile;
  }
  // A deliverer hears of the certificate that was asked for before.
  std::string_view before;
  for (Step& step : resolved) {
    if (step.profile.empty()) step.profile = before;
    before = step.profile;
  }
  return resolved;
}

bool PipelineConfig::takes(std::string_view message, const Labels& labels) const {
  return std::all_of(when.begin(), when.end(), [&](const WhenRule& rule) {
    if (rule.label.name == "message") return matches(rule, message);
    return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
      return label.first == rule.label.name && matches(rule, label.second);
    });
  });
}

}  // namespace certspan
