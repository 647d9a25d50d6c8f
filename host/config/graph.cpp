#include "host/config/graph.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "host/config/units.hpp"

namespace certspan {
namespace {

std::string condition(const PipelineConfig& pipeline) {
  std::string text;
  for (const WhenRule& rule : pipeline.when) {
    if (!text.empty()) text += " and ";
    text += rule.label.name;
    for (std::size_t i = 0; i < rule.globs.size(); ++i) text += (i == 0 ? " = " : " or ") + rule.globs[i];
  }
  return text.empty() ? "everything" : text;
}

/// What happens after `pipeline`'s steps if a client waits too long.
std::string reply(const PipelineConfig& pipeline) {
  return fmt::format("the client waits {}, then hears \"{}\"", format_duration(pipeline.reply_within),
                     pipeline.reply_then == ReplyThen::Pending ? "pending" : "try later");
}

std::string connectors_of(const StepConfig& step, std::string_view between) {
  std::string text;
  for (const Named& connector : step.connectors) {
    if (!text.empty()) text += between;
    text += connector.name;
  }
  return text;
}

/// Pieces of text that Mermaid would take for its own syntax, as entities.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '#' || c == ';' || c == '<' || c == '>' || c == '&' || c == '`') {
      out += fmt::format("#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Node ids of one pipeline: "p0s2".
std::string node(std::size_t pipeline, std::size_t step) {
  return fmt::format("p{}s{}", pipeline, step);
}

std::string draw_step(const std::string& id, const StepConfig& step) {
  switch (step.kind) {
    case StepKind::Validate:
      return fmt::format("    {}{{{{{}}}}}\n", id, in_quotes("validate: " + connectors_of(step, ", ")));
    case StepKind::Issue:
      return fmt::format("    {}[{}]\n", id,
                         in_quotes(fmt::format("issue: {} (profile {})", connectors_of(step, ", else "),
                                               step.profile.name)));
    case StepKind::Deliver:
    case StepKind::DeliverFailure:
      return fmt::format("    {}[/{}/]\n", id, in_quotes("deliver: " + connectors_of(step, ", ")));
    case StepKind::Revoke:
      return fmt::format("    {}[{}]\n", id, in_quotes("revoke: " + connectors_of(step, ", ")));
  }
  return {};
}

/// How many steps lead to a certificate; those of `on_failure` stand behind them.
std::size_t good_steps(const PipelineConfig& pipeline) {
  return static_cast<std::size_t>(std::ranges::count_if(
      pipeline.steps, [](const StepConfig& step) { return step.kind != StepKind::DeliverFailure; }));
}

/// "validate with door", "issue by corp-ca, else corp-ca-2, profile wifi"
std::string what_it_does(const StepConfig& step) {
  switch (step.kind) {
    case StepKind::Validate:
      return "validate with " + connectors_of(step, ", ");
    case StepKind::Issue:
      return fmt::format("issue by {}, profile {}", connectors_of(step, ", else "), step.profile.name);
    case StepKind::Deliver:
    case StepKind::DeliverFailure:
      return "tell " + connectors_of(step, ", ");
    case StepKind::Revoke:
      return "revoke at " + connectors_of(step, ", ");
  }
  return {};
}

std::string tries_of(const StepConfig& step) {
  return step.retry.attempts == 0 ? "attempts until the deadline"
                                  : fmt::format("{} attempts", step.retry.attempts);
}

std::string draw_pipeline(const PipelineConfig& pipeline, std::size_t number) {
  std::string out = fmt::format("  subgraph p{}[{}]\n", number, in_quotes(pipeline.name.name));
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i)
    out += draw_step(node(number, i), pipeline.steps[i]);
  out += fmt::format("    p{}reply([{}])\n", number, in_quotes("reply"));
  const std::size_t good = good_steps(pipeline);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const bool last = i + 1 == good || i + 1 == pipeline.steps.size();
    if (i == good)
      out +=
          fmt::format("    p{}failed([{}]) --> {}\n", number, in_quotes("no certificate"), node(number, i));
    out += fmt::format("    {} --> {}\n", node(number, i),
                       last ? fmt::format("p{}reply", number) : node(number, i + 1));
  }
  return out + "  end\n";
}

/// The sources in the order in which they first appear.
std::vector<std::string> sources_of(const Config& config) {
  std::vector<std::string> sources;
  for (const PipelineConfig& pipeline : config.pipelines) {
    if (std::find(sources.begin(), sources.end(), pipeline.source.name) == sources.end()) {
      sources.push_back(pipeline.source.name);
    }
  }
  return sources;
}

std::string draw_source(const Config& config, const std::string& source, std::size_t number) {
  std::string out = fmt::format("  source{}>{}]\n", number, in_quotes(source));
  for (std::size_t i = 0; i < config.pipelines.size(); ++i) {
    const PipelineConfig& pipeline = config.pipelines[i];
    if (pipeline.source.name != source || pipeline.steps.empty()) continue;
    out += fmt::format("  source{} -->|{}| {}\n", number, in_quotes(condition(pipeline)), node(i, 0));
    if (!pipeline.otherwise_reject) continue;
    out += fmt::format("  source{} -->|{}| reject{}([{}])\n", number, in_quotes("otherwise"), number,
                       in_quotes("reject"));
  }
  return out;
}

nlohmann::json step_json(const StepConfig& step) {
  nlohmann::json connectors = nlohmann::json::array();
  for (const Named& connector : step.connectors) connectors.push_back(connector.name);
  const char* verb = step.kind == StepKind::Validate ? "validate"
                     : step.kind == StepKind::Issue  ? "issue"
                     : step.kind == StepKind::Revoke ? "revoke"
                                                     : "deliver";
  nlohmann::json json = {
      {verb, std::move(connectors)},
      {"timeout_ms", step.timeout.count()},
      {"attempts", step.retry.attempts == 0 ? nlohmann::json() : nlohmann::json(step.retry.attempts)}};
  if (step.kind == StepKind::Issue) json["profile"] = step.profile.name;
  return json;
}

}  // namespace

std::string graph_text(const Config& config) {
  std::string out;
  for (const PipelineConfig& pipeline : config.pipelines) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}\n  from {}: {}\n", pipeline.name.name, pipeline.source.name, condition(pipeline));
    const std::size_t good = good_steps(pipeline);
    for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
      const StepConfig& step = pipeline.steps[i];
      if (i == good) out += "  without a certificate, after a validator's yes:\n";
      out += fmt::format("  {}. {} ({} a call, {})\n", i < good ? i + 1 : i + 1 - good, what_it_does(step),
                         format_duration(step.timeout), tries_of(step));
    }
    out += fmt::format("  {}\n", reply(pipeline));
    if (pipeline.otherwise_reject)
      out += fmt::format("  other items of {} are rejected\n", pipeline.source.name);
    if (pipeline.danger_open_enrolment) out += "  DANGER: open enrolment\n";
    if (std::ranges::any_of(pipeline.steps, &StepConfig::danger_revoke_foreign))
      out += "  DANGER: revokes what was not issued for its sources\n";
    if (pipeline.danger_mixed_chains) out += "  DANGER: CAs of different roots\n";
  }
  return out;
}

std::string graph_mermaid(const Config& config) {
  std::string out = "flowchart LR\n";
  const auto sources = sources_of(config);
  for (std::size_t i = 0; i < sources.size(); ++i) out += draw_source(config, sources[i], i);
  for (std::size_t i = 0; i < config.pipelines.size(); ++i) out += draw_pipeline(config.pipelines[i], i);
  return out;
}

nlohmann::json graph_json(const Config& config) {
  nlohmann::json pipelines = nlohmann::json::array();
  for (const PipelineConfig& pipeline : config.pipelines) {
    nlohmann::json when = nlohmann::json::object();
    for (const WhenRule& rule : pipeline.when) when[rule.label.name] = rule.globs;
    nlohmann::json steps = nlohmann::json::array();
    nlohmann::json on_failure = nlohmann::json::array();
    for (const StepConfig& step : pipeline.steps)
      (step.kind == StepKind::DeliverFailure ? on_failure : steps).push_back(step_json(step));
    pipelines.push_back(
        {{"name", pipeline.name.name},
         {"source", pipeline.source.name},
         {"when", std::move(when)},
         {"steps", std::move(steps)},
         {"on_failure", std::move(on_failure)},
         {"reply",
          {{"within_ms", pipeline.reply_within.count()},
           {"then", pipeline.reply_then == ReplyThen::Pending ? "pending" : "try_later"}}},
         {"otherwise", pipeline.otherwise_reject ? nlohmann::json("reject") : nlohmann::json()}});
  }
  return {{"pipelines", std::move(pipelines)}};
}

}  // namespace certspan
