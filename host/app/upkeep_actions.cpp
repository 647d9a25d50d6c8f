#include "host/app/upkeep_actions.hpp"

#include <algorithm>
#include <string>

namespace certspan {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSoonest{5'000};
constexpr milliseconds kLatest = std::chrono::hours(24);

}  // namespace

AskAgain sooner(AskAgain a, AskAgain b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

AskAgain due_in(const nlohmann::json& answer) {
  if (!answer.contains("due_in_ms") || !answer.at("due_in_ms").is_number_integer()) return std::nullopt;
  return std::clamp(milliseconds(answer.at("due_in_ms").get<std::int64_t>()), kSoonest, kLatest);
}

bool offers_action(const Connector& connector, std::string_view action) {
  const auto actions = actions_of(connector.type());
  return std::ranges::any_of(actions, [&](const auto* each) { return action == each->name; });
}

Result<nlohmann::json> have_run(Connector& connector, const char* action, const nlohmann::json& arguments,
                                const char* code) {
  const ActionResult result = connector.run_action(action, arguments.dump());
  const std::string who = "connector \"" + connector.name() + "\", action " + action + ": ";
  if (!result.report.ok()) return fail(Outcome::Unavailable, code, who + result.report.text());
  auto json = nlohmann::json::parse(result.json, nullptr, false);
  if (json.is_object()) return json;
  return fail(Outcome::Internal, code, who + "it printed no object");
}

}  // namespace certspan
