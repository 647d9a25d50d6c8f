#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "host/config/sections.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

template <typename Range>
std::vector<std::string> names_of(const Range& range) {
  std::vector<std::string> names;
  names.reserve(range.size());
  for (const auto& element : range) names.push_back(element.name.name);
  return names;
}

std::vector<std::string> profile_names(const Config& config) {
  std::vector<std::string> names;
  for (const YamlEntry& entry : config.profiles.entries()) names.push_back(entry.key);
  return names;
}

/// Looks names of one kind up.
struct Register {
  std::string_view kind;
  std::string_view section;
  std::vector<std::string> names;

  void check(const Named& reference, Faults& faults) const {
    if (reference.name.empty()) return;  // missing or malformed: reported where it was read
    if (std::find(names.begin(), names.end(), reference.name) != names.end()) return;
    std::string hint = did_you_mean(reference.name, names);
    if (hint.empty()) {
      hint = names.empty() ? fmt::format("\"{}\" has none yet", section)
                           : fmt::format("there are: {}", listing(names));
    }
    faults.error(FaultCode::UnknownName, reference.mark,
                 fmt::format("{} \"{}\" is not defined", kind, reference.name), std::move(hint));
  }
};

void check_unused_profiles(const Config& config, const std::set<std::string>& used, Faults& faults) {
  for (const YamlEntry& entry : config.profiles.entries()) {
    if (!used.contains(entry.key)) {
      faults.warning(FaultCode::Unused, entry.key_mark,
                     fmt::format("profile \"{}\" is used by nothing", entry.key));
    }
  }
}

/// A pipeline of revocations: one `revoke` step, and whom to tell.
void check_revocation(const PipelineConfig& pipeline, Faults& faults) {
  bool revoked = false;
  for (const StepConfig& step : pipeline.steps) {
    const bool tells_late = step.kind == StepKind::Deliver && revoked;
    const bool fits =
        step.kind == StepKind::DeliverFailure || tells_late || (step.kind == StepKind::Revoke && !revoked);
    if (!fits) {
      faults.error(
          FaultCode::Unreachable, step.mark,
          fmt::format("this step does not belong into pipeline \"{}\", which revokes", pipeline.name.name),
          "it has one `revoke` step first, then `deliver` steps");
    }
    revoked = revoked || step.kind == StepKind::Revoke;
  }
}

void check_steps(const PipelineConfig& pipeline, Faults& faults) {
  const bool revokes = std::any_of(pipeline.steps.begin(), pipeline.steps.end(),
                                   [](const StepConfig& step) { return step.kind == StepKind::Revoke; });
  if (revokes) return check_revocation(pipeline, faults);
  const auto issues = std::count_if(pipeline.steps.begin(), pipeline.steps.end(),
                                    [](const StepConfig& step) { return step.kind == StepKind::Issue; });
  if (pipeline.steps.empty()) return;
  if (issues == 0) {
    faults.error(FaultCode::Unreachable, pipeline.name.mark,
                 fmt::format("pipeline \"{}\" has no \"issue\" or \"revoke\" step, so its items end nowhere",
                             pipeline.name.name));
    return;
  }
  bool issued = false;
  bool replied = false;
  for (const StepConfig& step : pipeline.steps) {
    if (step.kind == StepKind::Deliver && replied && !step.after_reply) {
      faults.error(FaultCode::Unreachable, step.mark,
                   fmt::format("this step of pipeline \"{}\" stands behind one of `notify: after_reply`",
                               pipeline.name.name),
                   "put it before that one");
    }
    replied = replied || step.after_reply;
    const bool delivers = step.kind == StepKind::Deliver || step.kind == StepKind::DeliverFailure;
    if (step.kind == StepKind::Deliver && !issued) {
      faults.error(
          FaultCode::Unreachable, step.mark,
          fmt::format("this step of pipeline \"{}\" delivers before anything is issued", pipeline.name.name),
          "put it behind the \"issue\" step");
    }
    if (issued && !delivers) {
      faults.error(
          FaultCode::Unreachable, step.mark,
          fmt::format("this step of pipeline \"{}\" stands behind its \"issue\" step", pipeline.name.name),
          step.kind == StepKind::Issue ? "name several issuers in one step: `issue: [a, b]`"
                                       : "validate before the certificate is issued");
    }
    issued = issued || step.kind == StepKind::Issue;
  }
}

/// The pipelines of one source, in the order in which they are asked.
void check_source(const std::vector<const PipelineConfig*>& pipelines, Faults& faults) {
  const PipelineConfig* catch_all = nullptr;
  const PipelineConfig* otherwise = nullptr;
  for (const PipelineConfig* pipeline : pipelines) {
    if (catch_all != nullptr) {
      faults.error(
          FaultCode::Unreachable, pipeline->name.mark,
          fmt::format("pipeline \"{}\" is never reached: \"{}\" on line {} takes every item of source \"{}\"",
                      pipeline->name.name, catch_all->name.name, catch_all->name.mark.line,
                      pipeline->source.name),
          "put it first, or give the other one a `when`");
    } else if (pipeline->when.empty()) {
      catch_all = pipeline;
    }
    if (pipeline->otherwise_reject) otherwise = pipeline;
  }
  const PipelineConfig& last = *pipelines.back();
  if (catch_all == nullptr && otherwise == nullptr) {
    faults.error(
        FaultCode::NoOtherwise, last.name.mark,
        fmt::format("items of source \"{}\" that match no `when` have no pipeline", last.source.name),
        "add a pipeline without `when`, or `otherwise: reject` to this one");
  } else if (catch_all != nullptr && otherwise != nullptr) {
    faults.error(FaultCode::Unreachable, otherwise->otherwise_mark,
                 fmt::format("\"otherwise\" never applies: pipeline \"{}\" takes every item of source \"{}\"",
                             catch_all->name.name, last.source.name),
                 "remove it");
  }
}

void check_listeners(const Config& config, Faults& faults) {
  std::map<std::pair<std::string, std::uint16_t>, std::string> owners;
  for (const Listener& listener : config.host.listeners) {
    if (listener.port == 0) continue;
    const auto [owner, fresh] = owners.emplace(std::pair(listener.host, listener.port), listener.name.name);
    if (!fresh) {
      faults.error(FaultCode::Conflict, listener.name.mark,
                   fmt::format("listener \"{}\" has the address of listener \"{}\"", listener.name.name,
                               owner->second));
    }
  }
}

}  // namespace

void check_references(const Config& config, Faults& faults) {
  check_listeners(config, faults);
  const Register listeners{"listener", "host.listeners", names_of(config.host.listeners)};
  listeners.check(config.host.metrics.listener, faults);
  const Register connectors{"connector", "connectors", names_of(config.connectors)};
  const Register profiles{"profile", "profiles", profile_names(config)};
  std::set<std::string> used;
  for (const Listener& listener : config.host.listeners) {
    const auto* tls = std::get_if<TlsFromIssuer>(&listener.tls);
    if (tls == nullptr) continue;
    connectors.check(tls->issuer, faults);
    profiles.check(tls->profile, faults);
    used.insert(closest_or_same(tls->profile.name, profiles.names));
  }
  for (const PipelineConfig& pipeline : config.pipelines) {
    connectors.check(pipeline.source, faults);
    for (const StepConfig& step : pipeline.steps) {
      for (const Named& connector : step.connectors) connectors.check(connector, faults);
      for (const Named& source : step.sources) connectors.check(source, faults);
      profiles.check(step.profile, faults);
      used.insert(closest_or_same(step.profile.name, profiles.names));
    }
  }
  check_unused_profiles(config, used, faults);
}

void check_pipelines(const Config& config, Faults& faults) {
  std::vector<std::string> sources;
  for (const PipelineConfig& pipeline : config.pipelines) {
    check_steps(pipeline, faults);
    const std::string& source = pipeline.source.name;
    if (source.empty() || std::find(sources.begin(), sources.end(), source) != sources.end()) continue;
    sources.push_back(source);
    std::vector<const PipelineConfig*> same;
    for (const PipelineConfig& other : config.pipelines) {
      if (other.source.name == source) same.push_back(&other);
    }
    check_source(same, faults);
  }
}

}  // namespace certspan
