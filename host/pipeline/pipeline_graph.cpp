#include "host/pipeline/pipeline_graph.hpp"

#include <algorithm>

#include "host/config/config.hpp"
#include "host/config/glob.hpp"
#include "host/pipeline/revocations.hpp"

namespace certspan {
namespace {

std::string_view value_of(std::string_view name, std::string_view message, const Labels& labels) {
  if (name == "message") return message;
  for (const auto& [label, value] : labels) {
    if (label == name) return value;
  }
  return {};
}

bool matches(const Pipeline& pipeline, std::string_view message, const Labels& labels) {
  return std::ranges::all_of(pipeline.when, [&](const auto& condition) {
    const std::string_view value = value_of(condition.first, message, labels);
    return std::ranges::any_of(condition.second, [&](const auto& glob) { return glob_matches(glob, value); });
  });
}

bool is_in(std::string_view connector, const Pipeline& pipeline) {
  return pipeline.source == connector || std::ranges::any_of(pipeline.steps, [&](const Step& step) {
           return std::ranges::find(step.connectors, connector) != step.connectors.end();
         });
}

/// An order of revocation never gets into a pipeline that issues, nor a request into one that revokes.
bool revokes(const Pipeline& pipeline) {
  return !pipeline.steps.empty() && pipeline.steps.front().kind == StepKind::Revoke;
}

Pipeline pipeline_of(const PipelineConfig& config) {
  Pipeline pipeline;
  pipeline.name = config.name.name;
  pipeline.source = config.source.name;
  for (const WhenRule& rule : config.when) pipeline.when.emplace_back(rule.label.name, rule.globs);
  pipeline.steps = config.resolved_steps();
  pipeline.deadline = config.deadline;
  pipeline.reply.within = config.reply_within;
  pipeline.reply.then =
      config.reply_then == ReplyThen::Pending ? ReplyRule::Then::Pending : ReplyRule::Then::TryLater;
  return pipeline;
}

}  // namespace

PipelineGraph graph_of(const Config& config) {
  std::vector<Pipeline> pipelines;
  for (const PipelineConfig& pipeline : config.pipelines) pipelines.push_back(pipeline_of(pipeline));
  return PipelineGraph(std::move(pipelines));
}

const Pipeline* PipelineGraph::match(std::string_view source, std::string_view message,
                                     const Labels& labels) const {
  for (const Pipeline& pipeline : pipelines_) {
    if (pipeline.source == source && revokes(pipeline) == (message == kRevocation) &&
        matches(pipeline, message, labels))
      return &pipeline;
  }
  return nullptr;
}

const Pipeline* PipelineGraph::find(std::string_view name) const {
  const auto found = std::ranges::find(pipelines_, name, &Pipeline::name);
  return found == pipelines_.end() ? nullptr : &*found;
}

std::vector<std::string> PipelineGraph::issuers(std::string_view connector, std::string_view pipeline) const {
  std::vector<std::string> names;
  for (const Pipeline& candidate : pipelines_) {
    if (pipeline.empty() ? !is_in(connector, candidate) : candidate.name != pipeline) continue;
    for (const Step& step : candidate.steps) {
      if (step.kind != StepKind::Issue) continue;
      for (const std::string& name : step.connectors) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      }
    }
  }
  return names;
}

}  // namespace certspan
