// What the running host answers on its control socket.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "host/app/action_arguments.hpp"
#include "host/app/audit_queries.hpp"
#include "host/app/commands.hpp"
#include "host/app/ending.hpp"
#include "host/app/erasing_work.hpp"
#include "host/app/host_link.hpp"
#include "host/app/host_process.hpp"
#include "host/app/journal_report.hpp"
#include "host/app/listeners.hpp"
#include "host/app/work_queries.hpp"
#include "host/app/work_report.hpp"
#include "host/journal/snapshot.hpp"
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

/// The connectors that offer an action, or those of one name.
std::vector<std::shared_ptr<Connector>> offering(const ConnectorSet& connectors, const std::string& name,
                                                 const std::string& action, const certspan_action*& found) {
  std::vector<std::shared_ptr<Connector>> offering;
  for (const auto& [connector_name, station] : connectors.all()) {
    if (!name.empty() && connector_name != name) continue;
    for (const certspan_action* candidate : actions_of(station.connector->type())) {
      if (action != candidate->name || (candidate->flags & CERTSPAN_ACTION_OFFLINE) != 0) continue;
      found = candidate;
      offering.push_back(station.connector);
    }
  }
  return offering;
}

Result<WorkId> work_id_of(const nlohmann::json& arguments) {
  const std::string text = arguments.value("id", std::string());
  if (const auto id = work_id_from_string(text)) return *id;
  return fail(Outcome::Invalid, "work.bad_id",
              "\"" + text + "\" is no work id; one looks like w-0123456789abc");
}

/// Why a person said yes or no: it stands with the item for good, so it must be there.
Result<std::string> decision_reason_of(const nlohmann::json& arguments) {
  constexpr std::size_t kLongest = 500;
  std::string reason = arguments.value("reason", std::string());
  if (!reason.empty() && reason.size() <= kLongest) return reason;
  return fail(Outcome::Invalid, "work.no_reason",
              "say why, in up to 500 characters: --reason \"seen the device\"");
}

/// {"as": "issued" | "not_done" | "abandon", "certificate": DER in hexadecimal}
Result<Resolution> resolution_of(const nlohmann::json& arguments) {
  const std::string as = arguments.value("as", std::string());
  if (as == "not_done") return Resolution{Resolution::Kind::NotDone, {}};
  if (as == "abandon") return Resolution{Resolution::Kind::Abandon, {}};
  if (as != "issued")
    return fail(Outcome::Invalid, "control.bad_arguments", "\"as\" is none of the words known");
  auto certificate = from_hex(arguments.value("certificate", std::string()));
  if (!certificate || certificate->empty()) {
    return fail(Outcome::Invalid, "work.no_certificate", "the certificate that was issued is missing");
  }
  return Resolution{Resolution::Kind::Issued, std::move(*certificate)};
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

void HostProcess::add_commands() {
  const Config& config = deployment_->checked().config;
  control_ = std::make_unique<ControlServer>(
      ControlServer::Options{.socket = control_socket(config), .roles = config.host.control.roles}, *log_);
  const auto add = [this](const char* name, Person least, auto answer) {
    control_->add_command(name, least, [this, answer](const nlohmann::json& arguments, const Peer& peer) {
      MutexLock lock(mutex_);
      return answer(arguments, peer);
    });
  };
  using Json = nlohmann::json;
  constexpr auto kSlow = ControlServer::Pace::Slow;
  control_->add_command("status", Person::Viewer,
                        [this](const Json&, const Peer&) { return Result<Json>(status()); });
  // The journal lives longer than the control socket, and nobody else shall wait for what reads it.
  for (const char* query : {"work_page", "work_show", "search"}) {
    control_->add_command(query, Person::Viewer, [this, query](const Json& arguments, const Peer&) {
      return answer_work_query(*journal_, query, arguments);
    });
  }
  for (const char* query : {"audit_head", "audit_page", "audit_gaps", "audit_erasures"}) {
    control_->add_command(query, Person::Viewer, [this, query](const Json& arguments, const Peer&) {
      return answer_audit_query(*journal_, &*head_signer_, query, arguments);
    });
  }
  // These take their time.
  control_->add_command(
      "journal_check", Person::Operator,
      [this](const Json&, const Peer&) -> Result<Json> {
        CERTSPAN_TRY(const auto found, journal_->inspect());
        return inspection_to_json(found);
      },
      kSlow);
  control_->add_command(
      "journal_compact", Person::Admin,
      [this](const Json&, const Peer&) -> Result<Json> {
        CERTSPAN_TRY(const auto sizes, journal_->compact(false));
        return compaction_to_json(sizes);
      },
      kSlow);
  control_->add_command(
      "work_erase", Person::Admin,
      [this](const Json& arguments, const Peer& peer) { return command_work_erase(arguments, peer); }, kSlow);
  control_->add_command(
      "journal_snapshot", Person::Admin,
      [this](const Json&, const Peer&) { return command_journal_snapshot(); }, kSlow);
  add("work_retry", Person::Operator,
      [this](const Json& arguments, const Peer& peer) { return command_work_retry(arguments, peer); });
  add("work_cancel", Person::Operator,
      [this](const Json& arguments, const Peer& peer) { return command_work_cancel(arguments, peer); });
  add("work_approve", Person::Officer,
      [this](const Json& arguments, const Peer& peer) { return command_work_decide(arguments, peer, true); });
  add("work_refuse", Person::Officer, [this](const Json& arguments, const Peer& peer) {
    return command_work_decide(arguments, peer, false);
  });
  add("work_resolve", Person::Officer,
      [this](const Json& arguments, const Peer& peer) { return command_work_resolve(arguments, peer); });
  control_->add_command(
      "action", Person::Viewer,
      [this](const Json& arguments, const Peer& peer) { return command_action(arguments, peer); }, kSlow);
  add_swap_commands();
  add("clock_accept", Person::Admin, [this](const Json&, const Peer&) { return command_clock_accept(); });
}

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

Result<nlohmann::json> HostProcess::command_action(const nlohmann::json& arguments, const Peer& peer) {
  const std::string name = arguments.value("connector", std::string());
  const std::string action = arguments.value("action", std::string());
  const certspan_action* found = nullptr;
  MutexLock lock(mutex_);
  const auto candidates = offering(deployment_->running()->connectors, name, action, found);
  if (candidates.empty()) {
    return fail(Outcome::Rejected, "action.not_offered", "no connector here offers \"" + action + "\"");
  }
  if (candidates.size() > 1) {
    std::string names;
    for (const auto& candidate : candidates) names += (names.empty() ? "" : ", ") + candidate->name();
    return fail(Outcome::Invalid, "action.ambiguous",
                "several connectors offer \"" + action + "\": name one of " + names);
  }
  if (peer.person < static_cast<Person>(found->person)) {
    return fail(
        Outcome::Rejected, "control.not_allowed",
        "\"" + action + "\" needs the role " + std::string(to_string(static_cast<Person>(found->person))));
  }
  const nlohmann::json own = arguments.value("arguments", nlohmann::json::object());
  CERTSPAN_CHECK(check_names_in(own, found->argument_schema, deployment_->checked().config,
                                *deployment_->checked().catalog));
  lock.unlock();  // it takes its time
  log_->write(LogLevel::Info, "action",
              {{"action", action}, {"connector", candidates.front()->name()}, {"who", peer.name}});
  const ActionResult result = candidates.front()->run_action(action, own.dump());
  if (!result.report.ok()) return fail(result.report.outcome, "action.failed", result.report.text());
  auto json = nlohmann::json::parse(result.json, nullptr, false);
  if (json.is_discarded()) return fail(Outcome::Internal, "action.bad_result", action + " printed no JSON");
  return json;
}

Result<nlohmann::json> HostProcess::command_work_retry(const nlohmann::json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const WorkId id, work_id_of(arguments));
  CERTSPAN_TRY(const WorkId now, engine_->retry(id));
  log_->write(LogLevel::Info, "work retry",
              {{"work", to_string(id)}, {"as", to_string(now)}, {"who", peer.name}});
  return nlohmann::json{{"id", to_string(now)}};
}

Result<nlohmann::json> HostProcess::command_work_cancel(const nlohmann::json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const WorkId id, work_id_of(arguments));
  CERTSPAN_CHECK(engine_->cancel(id, peer.name));
  log_->write(LogLevel::Warn, "work cancel", {{"work", to_string(id)}, {"who", peer.name}});
  return nlohmann::json{{"id", to_string(id)}};
}

Result<nlohmann::json> HostProcess::command_work_decide(const nlohmann::json& arguments, const Peer& peer,
                                                        bool approved) {
  CERTSPAN_TRY(const WorkId id, work_id_of(arguments));
  CERTSPAN_TRY(const std::string reason, decision_reason_of(arguments));
  CERTSPAN_CHECK(engine_->decide(id, approved, peer.name, reason));
  log_->write(LogLevel::Warn, approved ? "work approve" : "work refuse",
              {{"work", to_string(id)}, {"who", peer.name}, {"reason", reason}});
  return nlohmann::json{{"id", to_string(id)}};
}

Result<nlohmann::json> HostProcess::command_work_resolve(const nlohmann::json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const WorkId id, work_id_of(arguments));
  CERTSPAN_TRY(Resolution resolution, resolution_of(arguments));
  CERTSPAN_CHECK(engine_->resolve(id, std::move(resolution), peer.name));
  log_->write(LogLevel::Warn, "work resolve",
              {{"work", to_string(id)}, {"as", arguments.value("as", std::string())}, {"who", peer.name}});
  return nlohmann::json{{"id", to_string(id)}};
}

/// The filter is not logged: it names somebody.
Result<nlohmann::json> HostProcess::command_work_erase(const nlohmann::json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const nlohmann::json answer, erase_work(*journal_, arguments, peer.name, false));
  if (answer.at("dry_run").get<bool>()) return answer;
  log_->write(LogLevel::Warn, "work erase",
              {{"items", answer.at("erased").dump()},
               {"who", peer.name},
               {"reason", arguments.value("reason", std::string())}});
  return answer;
}

/// Two at a time would write into one file.
Result<nlohmann::json> HostProcess::command_journal_snapshot() {
  if (snapshot_under_way_.exchange(true)) {
    return fail(Outcome::Unavailable, "backup.busy", "another backup is being made: try again later");
  }
  const auto written = journal_->snapshot(data_dir_ / kSnapshotName);
  snapshot_under_way_ = false;
  if (!written) return tl::unexpected(written.error());
  return nlohmann::json::object();
}

Result<nlohmann::json> HostProcess::command_clock_accept() {
  CERTSPAN_CHECK(journal_->accept_clock());
  clock_behind_ = false;
  engine_->open_intake();
  log_->write(LogLevel::Warn, "clock accepted", {});
  return nlohmann::json{{"accepted", true}};
}

}  // namespace certspan
