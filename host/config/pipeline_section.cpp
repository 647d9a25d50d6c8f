#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/units.hpp"

namespace certspan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::uint32_t kMostAttempts = 100;
constexpr std::string_view kStepPath = "pipelines.*.steps";

void read_when(const YamlNode& node, PipelineConfig& pipeline, Faults& faults) {
  const std::string what = fmt::format("\"when\" of pipeline \"{}\"", pipeline.name.name);
  if (node.kind() != YamlNode::Kind::Mapping || node.entries().empty()) {
    wrong_type(node, what, "a mapping of labels to patterns", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (!check_name(entry, "label", faults)) continue;
    WhenRule& rule = pipeline.when.emplace_back();
    rule.label = {entry.key, entry.key_mark};
    for (Named& glob : read_texts(entry.value, fmt::format("label \"{}\" in {}", entry.key, what), faults)) {
      if (entry.key == "message" && glob.name.find('*') == std::string::npos && glob.name != "enrolment" &&
          glob.name != "renewal" && glob.name != "revocation") {
        faults.error(FaultCode::BadValue, glob.mark, fmt::format("no item's message is \"{}\"", glob.name),
                     "it is enrolment, renewal or revocation");
      }
      rule.globs.push_back(std::move(glob.name));
    }
  }
}

void read_backoff(MapReader& map, RetryPolicy& retry, Faults& faults) {
  const YamlEntry* entry = map.take("backoff");
  if (entry == nullptr) return;
  if (entry->value.kind() != YamlNode::Kind::String && entry->value.kind() != YamlNode::Kind::Integer) {
    wrong_type(entry->value, fmt::format("\"backoff\" of {}", map.what()), "a range of durations", faults);
    return;
  }
  const auto range = parse_duration_range(entry->value.text());
  if (!range) {
    faults.error(FaultCode::Unit, entry->value.mark(),
                 fmt::format("\"backoff\" of {}: {}", map.what(), range.error().message),
                 range.error().suggestion);
  } else if (range->first < milliseconds(1) || range->most > hours(24)) {
    faults.error(FaultCode::BadValue, entry->value.mark(),
                 fmt::format("\"backoff\" of {} must be between 1ms and 1d", map.what()));
  } else {
    retry.first = range->first;
    retry.most = range->most;
  }
}

void read_retry(const YamlNode& node, const std::string& step, RetryPolicy& retry, Faults& faults) {
  MapReader map(node, fmt::format("retry of {}", step), "pipelines.*.steps.retry", faults);
  map.integer("attempts", Bounds<std::uint32_t>{1, kMostAttempts}, retry.attempts);
  read_backoff(map, retry, faults);
  map.finish();
}

/// The connectors that a step names: one, or for `issue` an ordered list.
void read_step_connectors(const YamlNode& node, std::string_view verb, const std::string& what,
                          StepConfig& step, Faults& faults) {
  const std::string field = fmt::format("\"{}\" of {}", verb, what);
  if (node.kind() != YamlNode::Kind::Sequence) {
    if (auto name = read_name(node, field, faults))
      step.connectors.push_back({std::move(*name), node.mark()});
    return;
  }
  if (step.kind != StepKind::Issue && step.kind != StepKind::Revoke) {
    wrong_type(node, field, "the name of one connector", faults);
    return;
  }
  if (node.items().empty())
    faults.error(FaultCode::BadValue, node.mark(), fmt::format("{} names no connector", field));
  for (const YamlNode& item : node.items()) {
    auto name = read_name(item, field, faults);
    if (!name) continue;
    const bool twice = std::any_of(step.connectors.begin(), step.connectors.end(),
                                   [&](const Named& known) { return known.name == *name; });
    if (twice)
      faults.error(FaultCode::BadValue, item.mark(), fmt::format("{} names \"{}\" twice", field, *name));
    step.connectors.push_back({std::move(*name), item.mark()});
  }
}

struct Verb {
  std::string_view word;
  StepKind kind;
};
// Of a step with several the last one counts, so that what is said of it makes sense.
constexpr std::array<Verb, 4> kVerbs = {{{"validate", StepKind::Validate},
                                         {"deliver", StepKind::Deliver},
                                         {"revoke", StepKind::Revoke},
                                         {"issue", StepKind::Issue}}};

// Why a certificate is revoked, and its CRLReason.
constexpr std::array<std::string_view, 5> kReasons = {"unspecified", "affiliation_changed", "superseded",
                                                      "cessation_of_operation", "privilege_withdrawn"};
constexpr std::array<std::uint32_t, 5> kReasonNumbers = {0, 3, 4, 5, 9};

/// Reads the key that says what a step does; it must have exactly one.
void read_verb(MapReader& map, StepConfig& step, Faults& faults) {
  const YamlEntry* chosen = nullptr;
  for (const Verb& verb : kVerbs) {
    const YamlEntry* entry = map.take(verb.word);
    if (entry == nullptr) continue;
    if (chosen != nullptr) {
      faults.error(FaultCode::BadValue, entry->key_mark,
                   fmt::format("{} has both \"{}\" and \"{}\"", map.what(), chosen->key, entry->key),
                   "write two steps");
    }
    chosen = entry;
    step.kind = verb.kind;
  }
  if (chosen != nullptr) read_step_connectors(chosen->value, chosen->key, map.what(), step, faults);
}

bool has_verb(const YamlNode& node) {
  return std::any_of(node.entries().begin(), node.entries().end(), [](const YamlEntry& entry) {
    return entry.key == "validate" || entry.key == "issue" || entry.key == "deliver" || entry.key == "revoke";
  });
}

void read_notify(MapReader& map, StepConfig& step) {
  static constexpr std::array<std::string_view, 2> kWhen = {"before_reply", "after_reply"};
  std::size_t when = 0;
  map.choice("notify", kWhen, when);
  step.after_reply = when == 1;
}

/// Whose items a revocation may name, and why it happens.
void read_revocation(MapReader& map, StepConfig& step, Faults& faults) {
  step.retry.attempts = 0;
  if (const YamlEntry* sources = map.need("sources")) {
    step.sources = read_texts(sources->value, fmt::format("\"sources\" of {}", map.what()), faults);
  }
  std::size_t reason = 3;
  map.choice("reason", kReasons, reason);
  step.reason = kReasonNumbers.at(reason);
  map.boolean("danger_revoke_foreign", step.danger_revoke_foreign);
}

StepConfig read_step(const YamlNode& node, const std::string& what, Faults& faults) {
  StepConfig step;
  step.mark = node.mark();
  MapReader map(node, what, kStepPath, faults);
  read_verb(map, step, faults);
  if (map.is_mapping() && !has_verb(node)) {
    faults.error(
        FaultCode::MissingKey, node.mark(), fmt::format("{} says nothing to do", what),
        "write `validate: CONNECTOR`, `issue: CONNECTOR`, `deliver: CONNECTOR` or `revoke: CONNECTOR`");
  }
  if (step.kind == StepKind::Issue) {
    map.need_name("profile", step.profile);
  } else if (const YamlEntry* profile = map.take("profile")) {
    faults.error(FaultCode::BadValue, profile->key_mark,
                 fmt::format("\"profile\" of {} has no meaning", what), "it belongs to an `issue` step");
  }
  if (step.kind == StepKind::Deliver) {
    step.retry.attempts = 0;
    map.boolean("required", step.required);
    read_notify(map, step);
  }
  if (step.kind == StepKind::Revoke) read_revocation(map, step, faults);
  map.duration("timeout", {milliseconds(100), minutes(10)}, step.timeout);
  if (const YamlEntry* retry = map.take("retry")) read_retry(retry->value, what, step.retry, faults);
  map.finish();
  return step;
}

void read_steps(const YamlNode& node, PipelineConfig& pipeline, Faults& faults) {
  if (node.kind() == YamlNode::Kind::Sequence && node.items().empty()) {
    faults.error(FaultCode::BadValue, node.mark(),
                 fmt::format("\"steps\" of pipeline \"{}\" is empty", pipeline.name.name),
                 "write at least one `issue` step, with a `validate` step before it");
    return;
  }
  if (node.kind() != YamlNode::Kind::Sequence) {
    wrong_type(node, fmt::format("\"steps\" of pipeline \"{}\"", pipeline.name.name), "a list of steps",
               faults);
    return;
  }
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    const std::string what = fmt::format("step {} of pipeline \"{}\"", i + 1, pipeline.name.name);
    pipeline.steps.push_back(read_step(node.items()[i], what, faults));
  }
}

/// Whom to tell that an item ended without a certificate.
void read_on_failure(const YamlNode& node, PipelineConfig& pipeline, Faults& faults) {
  const std::string field = fmt::format("\"on_failure\" of pipeline \"{}\"", pipeline.name.name);
  if (node.kind() != YamlNode::Kind::Sequence || node.items().empty()) {
    wrong_type(node, field, "a list of `deliver` steps", faults);
    return;
  }
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    StepConfig step = read_step(node.items()[i], fmt::format("step {} of {}", i + 1, field), faults);
    if (step.kind != StepKind::Deliver && has_verb(node.items()[i])) {
      faults.error(FaultCode::BadValue, step.mark, fmt::format("{} may only deliver", field),
                   "write `deliver: CONNECTOR`");
      continue;
    }
    if (!step.required || step.after_reply) {
      faults.error(FaultCode::BadValue, step.mark,
                   fmt::format("\"{}\" has no meaning in {}", step.required ? "notify" : "required", field),
                   "no client waits for word of a failure");
    }
    step.kind = StepKind::DeliverFailure;
    pipeline.steps.push_back(std::move(step));
  }
}

void read_reply(const YamlNode& node, PipelineConfig& pipeline, Faults& faults) {
  static constexpr std::array<std::string_view, 2> kThen = {"try_later", "pending"};
  MapReader map(node, fmt::format("reply of pipeline \"{}\"", pipeline.name.name), "pipelines.*.reply",
                faults);
  map.duration("within", {milliseconds(1), minutes(10)}, pipeline.reply_within);
  auto then = static_cast<std::size_t>(pipeline.reply_then);
  map.choice("then", kThen, then);
  pipeline.reply_then = static_cast<ReplyThen>(then);
  map.finish();
}

void read_otherwise(MapReader& map, PipelineConfig& pipeline) {
  static constexpr std::array<std::string_view, 1> kOtherwise = {"reject"};
  const YamlEntry* entry = map.take("otherwise");
  if (entry == nullptr) return;
  std::size_t index = kOtherwise.size();
  map.choice("otherwise", kOtherwise, index);
  pipeline.otherwise_reject = true;  // also when it is spelt wrongly: one fault is enough
  pipeline.otherwise_mark = entry->key_mark;
}

}  // namespace

void read_pipelines(const YamlNode& node, std::vector<PipelineConfig>& pipelines, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"pipelines\"", "a mapping of names to pipelines", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    check_name(entry, "pipeline", faults);
    PipelineConfig& pipeline = pipelines.emplace_back();
    pipeline.name = {entry.key, entry.key_mark};
    MapReader map(entry.value, fmt::format("pipeline \"{}\"", entry.key), "pipelines.*", faults);
    map.need_name("source", pipeline.source);
    if (const YamlEntry* when = map.take("when")) read_when(when->value, pipeline, faults);
    if (const YamlEntry* steps = map.need("steps")) read_steps(steps->value, pipeline, faults);
    map.duration("deadline", {std::chrono::seconds(1), std::chrono::hours(24 * 90)}, pipeline.deadline);
    if (const YamlEntry* failure = map.take("on_failure")) read_on_failure(failure->value, pipeline, faults);
    if (const YamlEntry* reply = map.take("reply")) read_reply(reply->value, pipeline, faults);
    read_otherwise(map, pipeline);
    map.boolean("danger_open_enrolment", pipeline.danger_open_enrolment);
    map.boolean("danger_mixed_chains", pipeline.danger_mixed_chains);
    map.finish();
  }
}

}  // namespace certspan
