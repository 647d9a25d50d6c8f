// What the running host answers on its control socket.

#include "host/app/action_arguments.hpp"
#include "host/app/audit_queries.hpp"
#include "host/app/commands.hpp"
#include "host/app/erasing_work.hpp"
#include "host/app/host_link.hpp"
#include "host/app/host_process.hpp"
#include "host/app/journal_report.hpp"
#include "host/app/work_queries.hpp"
#include "host/app/work_report.hpp"
#include "host/journal/snapshot.hpp"

namespace certspan {
namespace {

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
  add("revoke", Person::Officer,
      [this](const Json& arguments, const Peer& peer) { return command_revoke(arguments, peer); });
  add("work_resolve", Person::Officer,
      [this](const Json& arguments, const Peer& peer) { return command_work_resolve(arguments, peer); });
  control_->add_command(
      "action", Person::Viewer,
      [this](const Json& arguments, const Peer& peer) { return command_action(arguments, peer); }, kSlow);
  add_swap_commands();
  add("clock_accept", Person::Admin, [this](const Json&, const Peer&) { return command_clock_accept(); });
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

Result<nlohmann::json> HostProcess::command_revoke(const nlohmann::json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const WorkId id, work_id_of(arguments));
  CERTSPAN_TRY(const std::string why, decision_reason_of(arguments));
  const std::string name = arguments.value("crl_reason", std::string());
  const auto reason = reason_of(name);
  if (!reason) return fail(Outcome::Invalid, "revocation.bad_reason", "there is no reason \"" + name + "\"");
  CERTSPAN_TRY(const WorkId order,
               engine_->revoke({.item = id, .reason = *reason, .who = peer.name, .why = why}));
  log_->write(LogLevel::Warn, "revocation ordered",
              {{"work", to_string(id)}, {"as", to_string(order)}, {"who", peer.name}, {"reason", why}});
  return nlohmann::json{{"id", to_string(id)}, {"as", to_string(order)}};
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
