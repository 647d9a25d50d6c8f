// What the running host tells of itself: `certspan status`, and what the monitor watches.

#include <algorithm>

#include <fmt/format.h>

#include "host/app/commands.hpp"
#include "host/app/ending.hpp"
#include "host/app/host_process.hpp"
#include "host/app/work_report.hpp"
#include "host/loading/abi_text.hpp"
#include "host/loading/interfaces.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLongestWords = 1000;
/// Of a person who wants to see how things stand, with an action that is under way.
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::chrono::seconds kLongChange{5};

/// What a connector tells of itself by its action `status`: {"about": "...", "trouble": "...", "ends":
/// [...]}, as they may be. People read it in a terminal.
void add_own_words(Connector& connector, nlohmann::json& row) {
  const auto actions = actions_of(connector.type());
  if (std::ranges::none_of(
          actions, [](const auto* action) { return std::string_view(action->name) == kStatusAction; })) {
    return;
  }
  const ActionResult answer = connector.run_action(kStatusAction, "{}", kPatience);
  if (!answer.report.ok()) row["trouble"] = answer.report.text();
  const auto told = nlohmann::json::parse(answer.json, nullptr, false);
  if (!told.is_object()) return;
  for (const char* word : {"about", "trouble"}) {
    if (told.contains(word) && told.at(word).is_string())
      row[word] = clean_text(told.at(word).get<std::string>(), kLongestWords);
  }
  if (!told.contains("ends")) return;
  row["ends"] = read_ends(told.at("ends"));
  for (auto& end : row["ends"]) end["name"] = clean_text(end["name"].get<std::string>(), kLongestWords);
}

using Missing = std::vector<std::pair<std::string, std::string>>;

nlohmann::json connectors_to_json(const ConnectorSet& connectors, const Missing& missing) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, station] : connectors.all()) {
    const Connector& connector = *station.connector;
    const auto report = station.connector->ping();
    const bool healthy = report.ok() || report.outcome == Outcome::Unsupported;
    list.push_back({{"name", name},
                    {"plugin", connector.plugin().id()},
                    {"version", connector.plugin().version()},
                    {"sha256", connector.plugin().sha256()},
                    {"trust", trust_to_json(connector.plugin().trust())},
                    {"type", connector.type().name},
                    {"runs_in", connector.standing()},
                    {"state", healthy ? to_string(connector.state()) : "unhealthy"},
                    {"reason", healthy ? "" : report.text()}});
    // Who did not come back from one question is not asked another.
    if (report.outcome != Outcome::Unknown) add_own_words(*station.connector, list.back());
  }
  for (const auto& [name, reason] : missing) {
    list.push_back({{"name", name}, {"state", "missing"}, {"reason", reason}});
  }
  return list;
}

nlohmann::json listeners_to_json(const HttpServer& http) {
  nlohmann::json list = nlohmann::json::array();
  for (const HttpListenerStatus& listener : http.status()) {
    list.push_back({{"name", listener.name},
                    {"address", listener.address},
                    {"open", listener.open},
                    {"idle", listener.idle},
                    {"accepted", listener.accepted},
                    {"refused", listener.refused},
                    {"timed_out", listener.timed_out},
                    {"requests", listener.requests},
                    {"responses_2xx", listener.responses_2xx},
                    {"responses_4xx", listener.responses_4xx},
                    {"responses_5xx", listener.responses_5xx}});
    if (listener.certificate_ends) list.back()["certificate_ends"] = *listener.certificate_ends;
  }
  return list;
}

nlohmann::json issuers_to_json(const Engine::Status& status) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, health] : status.issuers) {
    list.push_back({{"name", name},
                    {"breaker", to_string(health.state)},
                    {"failures", health.failures},
                    {"opens_in_ms", health.opens_in.count()},
                    {"retries_left", health.retries_left}});
  }
  return list;
}

}  // namespace

/// A change that takes long, for then no other one can be made.
void HostProcess::add_change(nlohmann::json& notices) const {
  const auto change = changes_.under_way();
  if (!change) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - change->since);
  if (seconds < kLongChange) return;
  notices.push_back(fmt::format("a change is under way for {} s: {}; no other one can be made until it ends",
                                seconds.count(), change->name));
}

/// Connectors are asked with no lock held, for they take their time.
nlohmann::json HostProcess::status() const {
  nlohmann::json notices = nlohmann::json::array();
  if (clock_behind_)
    notices.push_back(
        "the wall clock is behind the journal; no new work is accepted (certspan clock accept)");
  if (lost_time_.until > clock_.wall_ms()) {
    notices.push_back("the journal was put back from a backup: until " + to_wall_text(lost_time_.until) +
                      " every CA is asked what it did before it issues");
  }
  add_change(notices);
  std::shared_ptr<const RunningConfig> running;
  Missing missing;
  nlohmann::json swaps;
  nlohmann::json swapped;
  {
    const MutexLock lock(mutex_);
    for (const DangerSwitch& danger : deployment_->checked().config.dangers)
      notices.push_back(danger.path + " is on");
    if (last_reload_.starts_with("refused")) notices.push_back("the last reload was " + last_reload_);
    running = deployment_->running();
    missing = deployment_->missing();
    swaps = swaps_->trials_to_json(*deployment_);
    swapped = swapped_to_json();
  }
  nlohmann::json work = nlohmann::json::object();
  if (const auto counts = journal_->counts()) {
    work = {{"ready", counts->ready}, {"calling", counts->calling},   {"pending", counts->pending},
            {"held", counts->held},   {"finished", counts->finished}, {"dead", counts->dead}};
  } else {
    notices.push_back("the journal can't be read: " + counts.error().message);
  }
  const Engine::Status engine = engine_->status();
  return {{"version", CERTSPAN_VERSION},
          {"state", clock_behind_ ? "refusing work" : "serving"},
          {"started_at", to_wall_text(started_at_)},
          {"config", config_file_.string()},
          {"notices", std::move(notices)},
          {"listeners", listeners_to_json(*http_)},
          {"connectors", connectors_to_json(running->connectors, missing)},
          {"swaps", std::move(swaps)},
          {"swapped", std::move(swapped)},
          {"engine",
           {{"open", engine.open},
            {"waiting", engine.waiting},
            {"inside", engine.inside},
            {"queued", engine.queued}}},
          {"issuers", issuers_to_json(engine)},
          {"work", std::move(work)}};
}

}  // namespace certspan
