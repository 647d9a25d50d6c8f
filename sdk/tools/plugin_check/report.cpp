#include "sdk/tools/plugin_check/report.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/loading/elf_note.hpp"

namespace certspan::check {
namespace {

struct Counts {
  std::size_t passed = 0, failed = 0, skipped = 0;
};

Counts count(const std::vector<CheckResult>& outcomes) {
  Counts counts;
  for (const CheckResult& outcome : outcomes) {
    switch (outcome.verdict.standing) {
      case Standing::Passed:
        ++counts.passed;
        break;
      case Standing::Failed:
        ++counts.failed;
        break;
      case Standing::Skipped:
        ++counts.skipped;
        break;
    }
  }
  return counts;
}

std::string name_of(const CheckResult& outcome) {
  return std::string(outcome.check->id) + (outcome.type.empty() ? "" : " [" + outcome.type + "]");
}

std::string line_of(const CheckResult& outcome) {
  const Check& check = *outcome.check;
  switch (outcome.verdict.standing) {
    case Standing::Passed:
      return fmt::format("  passed   {:<40} {}\n", name_of(outcome), check.title);
    case Standing::Failed:
      return fmt::format("  FAILED   {:<40} {}\n             hint: {}\n", name_of(outcome),
                         outcome.verdict.reason, check.hint);
    case Standing::Skipped:
      return fmt::format("  skipped  {:<40} {}\n", name_of(outcome), outcome.verdict.reason);
  }
  return {};
}

/// What nobody who writes in Go can repair.
std::string word_on_go(const Subject& subject) {
  const auto note = read_plugin_note(subject.bytes);
  if (!note || !note->go_runtime) return {};
  return "\nit is written in Go: load.environment, env.threads, env.signals and swap.rounds fail by what "
         "Go's "
         "runtime does; a host takes it in worker processes alone\n";
}

std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string test_case(const CheckResult& outcome) {
  const Verdict& verdict = outcome.verdict;
  std::string inside;
  if (verdict.standing == Standing::Failed) {
    inside =
        fmt::format("<failure message=\"{}\">{}</failure>", xml(verdict.reason), xml(outcome.check->hint));
  } else if (verdict.standing == Standing::Skipped) {
    inside = fmt::format("<skipped message=\"{}\"/>", xml(verdict.reason));
  }
  return fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">{}</testcase>\n",
                     xml(to_string(outcome.check->stage)), xml(name_of(outcome)),
                     static_cast<double>(outcome.took.count()) / 1000.0, inside);
}

std::vector<CheckResult> of_stage(const std::vector<CheckResult>& outcomes, Stage stage) {
  std::vector<CheckResult> some;
  std::copy_if(outcomes.begin(), outcomes.end(), std::back_inserter(some),
               [&](const CheckResult& outcome) { return outcome.check->stage == stage; });
  return some;
}

constexpr std::array kStages = {Stage::Static,    Stage::Load, Stage::Hosts,
                                Stage::Behaviour, Stage::Swap, Stage::Fault};

}  // namespace

bool any_failed(const std::vector<CheckResult>& outcomes) {
  return count(outcomes).failed != 0;
}

bool conformant(const std::vector<CheckResult>& outcomes) {
  return std::none_of(outcomes.begin(), outcomes.end(), [](const CheckResult& outcome) {
    return outcome.verdict.standing == Standing::Failed && outcome.check->stage <= Stage::Behaviour;
  });
}

std::string human_report(const Subject& subject, const std::vector<CheckResult>& outcomes) {
  std::string text = subject.path.string() + "\n";
  for (const Stage stage : kStages) {
    const auto some = of_stage(outcomes, stage);
    if (some.empty()) continue;
    text += fmt::format("\n{}\n", to_string(stage));
    for (const CheckResult& outcome : some) text += line_of(outcome);
  }
  const Counts counts = count(outcomes);
  text += fmt::format("\n{} passed, {} failed, {} skipped; seed {} (--reproduce {})\n", counts.passed,
                      counts.failed, counts.skipped, subject.seed, subject.seed);
  return text + word_on_go(subject);
}

std::string json_report(const Subject& subject, const std::vector<CheckResult>& outcomes) {
  using Json = nlohmann::ordered_json;
  Json checks = Json::array();
  for (const CheckResult& outcome : outcomes) {
    Json one = {{"id", outcome.check->id},
                {"stage", to_string(outcome.check->stage)},
                {"result", to_string(outcome.verdict.standing)},
                {"title", outcome.check->title},
                {"duration_ms", outcome.took.count()}};
    if (!outcome.type.empty()) one["type"] = outcome.type;
    if (!outcome.verdict.reason.empty()) one["reason"] = outcome.verdict.reason;
    if (outcome.verdict.standing == Standing::Failed) one["hint"] = outcome.check->hint;
    checks.push_back(std::move(one));
  }
  const Counts counts = count(outcomes);
  const Json report = {{"file", subject.path.string()}, {"conformant", conformant(outcomes)},
                       {"passed", counts.passed},       {"failed", counts.failed},
                       {"skipped", counts.skipped},     {"seed", subject.seed},
                       {"checks", std::move(checks)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string junit_report(const Subject& subject, const std::vector<CheckResult>& outcomes) {
  std::string text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n",
                                 xml("certspan-plugin-check " + subject.path.filename().string()));
  for (const Stage stage : kStages) {
    const auto some = of_stage(outcomes, stage);
    if (some.empty()) continue;
    const Counts counts = count(some);
    text += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
                        to_string(stage), some.size(), counts.failed, counts.skipped);
    for (const CheckResult& outcome : some) text += test_case(outcome);
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace certspan::check
