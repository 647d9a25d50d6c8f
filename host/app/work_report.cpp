#include "host/app/work_report.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <chrono>

#include "host/app/advice.hpp"

namespace certspan {
namespace {

nlohmann::json attempt_to_json(const Attempt& attempt) {
  return {{"call", attempt.call},           {"connector", attempt.connector},
          {"version", attempt.version},     {"outcome", to_string(attempt.outcome)},
          {"code", attempt.code},           {"message", attempt.message},
          {"at", to_wall_text(attempt.at)}, {"took_ms", attempt.took_ms}};
}

std::string text(const nlohmann::json& object, const char* name) {
  return object.value(name, std::string());
}

std::string call_in_words(const nlohmann::json& attempt) {
  const std::string call = text(attempt, "call");
  const std::string connector = "\"" + text(attempt, "connector") + "\"";
  if (call == "validate") return "asked validator " + connector;
  if (call == "check_request") return "held the request against its profile";
  if (call == "check_certificate") return "held the certificate against request and profile";
  if (call == "issue") return "asked CA " + connector + " for a certificate";
  if (call == "poll") return "asked CA " + connector + " how the order stands";
  if (call == "lookup") return "asked CA " + connector + " what came of the request";
  if (call == "lookup_earlier") return "asked CA " + connector + " what came of an earlier such request";
  if (call == "deliver") return "told " + connector + " how it ended";
  if (call == "revoke") return "asked CA " + connector + " to revoke";
  if (call == "guard") return "held the order against `host.revocation_guard`";
  if (call == "resolve") return "a person told what CA " + connector + " did";
  if (call == "cancel") return "asked CA " + connector + " to drop the order";
  return call + " at " + connector;
}

std::string outcome_in_words(const nlohmann::json& attempt) {
  std::string words = text(attempt, "outcome");
  if (!text(attempt, "code").empty()) words += " [" + text(attempt, "code") + "]";
  if (!text(attempt, "message").empty()) words += ": " + text(attempt, "message");
  return words;
}

/// Whether that time, as `to_wall_text` writes it, is past, but for a poll that is under way.
bool is_over(const std::string& at) {
  const auto now = std::chrono::system_clock::now() - std::chrono::seconds(2);
  return at <
         to_wall_text(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
}

std::string advice_for_order(const nlohmann::json& work, const std::string& state, const std::string& id) {
  const auto& attempts = work["attempts"];
  const bool waits = state == "ready" && !attempts.empty() && text(attempts.back(), "call") == "guard";
  if (waits) {
    return "say whether it is meant: `certspan work approve " + id + " --reason ...`, or `work refuse`";
  }
  if (state == "ready") return "it is tried again at " + text(work, "next_at");
  if (state == "done") return "nothing: the CA's next CRL tells it";
  return "see to the certificate at its CA; `certspan revoke` orders it anew";
}

std::string advice(const nlohmann::json& work) {
  const std::string state = text(work, "state");
  const std::string id = text(work, "id");
  const std::string code = text(work, "code");
  if (text(work, "message") == "revocation") return advice_for_order(work, state, id);
  if (!text(work, "revoked").empty()) {
    return "nothing: the certificate is revoked, and its device has to enrol anew";
  }
  if (state == "done")
    return "nothing to do: the client has its certificate or gets it when it repeats its request";
  if (state == "pending") {
    return is_over(text(work, "next_at"))
               ? "the CA has the order, but has not answered since it was to be polled at " +
                     text(work, "next_at") + "; it is asked again until the deadline, see `certspan status`"
               : "the CA has the order; it is polled again at " + text(work, "next_at");
  }
  if (state == "ready") return "it is tried again at " + text(work, "next_at");
  if (state == "calling") return "a CA is being asked; if this lasts, look at `certspan status`";
  if (state == "held") {
    return "find out at the CA what came of the request, then run `certspan work resolve " + id +
           "` with --issued CERTIFICATE, --not-done or --abandon";
  }
  if (state == "dead") {
    return "mend the cause above; the client's next request starts anew, or run `certspan work retry " + id +
           "`";
  }
  return std::string(advice_for(code));
}

}  // namespace

std::string to_wall_text(WallMs at) {
  if (at == 0) return {};
  const auto seconds = std::chrono::sys_seconds(std::chrono::seconds(at / 1000));
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), at % 1000);
}

nlohmann::json work_to_json(const WorkItem& item) {
  nlohmann::json labels = nlohmann::json::object();
  for (const auto& [name, value] : item.labels) labels[name] = value;
  nlohmann::json attempts = nlohmann::json::array();
  for (const Attempt& attempt : item.attempts) attempts.push_back(attempt_to_json(attempt));
  return {{"id", to_string(item.id)},
          {"state", to_string(item.state)},
          {"outcome", to_string(item.outcome)},
          {"source", item.source},
          {"pipeline", item.pipeline},
          {"message", item.message},
          {"transaction_id", item.transaction_id},
          {"request_sha256", to_hex(item.request_digest)},
          {"labels", std::move(labels)},
          {"issuer", item.issuer},
          {"tries", item.tries},
          {"code", item.code},
          {"reason", item.reason},
          {"accepted_at", to_wall_text(item.accepted_at)},
          {"changed_at", to_wall_text(item.changed_at)},
          {"next_at", to_wall_text(item.next_at)},
          {"attempts", std::move(attempts)}};
}

std::string work_line(const nlohmann::json& work) {
  const auto& labels = work["labels"];
  return fmt::format("{}  {:8} {:10} {:20} {:24} {}", text(work, "id"), text(work, "state"),
                     text(work, "message"), text(work, "pipeline"), text(work, "accepted_at").substr(0, 19),
                     labels.value("subject", std::string()));
}

std::string tell_story(const nlohmann::json& work) {
  std::string story;
  const auto line = [&](const std::string& at, const std::string& what) {
    story += "  " + at + "  " + what + "\n";
  };
  const auto& labels = work["labels"];
  story += fmt::format("{} {} of \"{}\"\n  ", text(work, "id"), text(work, "message"),
                       labels.value("subject", "unknown subject"));
  if (!text(work, "transaction_id").empty()) story += "transaction " + text(work, "transaction_id") + ", ";
  story += fmt::format("pipeline \"{}\", from source \"{}\"\n", text(work, "pipeline"), text(work, "source"));
  if (labels.contains("names")) story += "  also known as " + text(labels, "names") + "\n";
  if (labels.contains("device")) story += "  device " + text(labels, "device") + "\n";
  if (labels.contains("user")) story += "  user " + text(labels, "user") + "\n";
  story += "\n";
  line(text(work, "accepted_at"), "the request arrived");
  for (const auto& attempt : work["attempts"]) {
    line(text(attempt, "at"), call_in_words(attempt) + " (version " + text(attempt, "version") + ", " +
                                  std::to_string(attempt.value("took_ms", 0)) +
                                  " ms): " + outcome_in_words(attempt));
  }
  std::string end = "now " + text(work, "state");
  if (!text(work, "reason").empty()) end += ": " + text(work, "reason");
  line(text(work, "changed_at"), end);
  if (labels.contains("serial")) {
    story += "\n  certificate serial " + text(labels, "serial");
    if (labels.contains("not_after")) story += ", valid to " + text(labels, "not_after");
    story += "\n";
  }
  if (!text(work, "revoked").empty()) story += "  revoked: " + text(work, "revoked") + "\n";
  if (labels.contains("revokes"))
    story += "  revokes the certificate of " + text(labels, "revokes") + ", as " +
             labels.value("reason", "its step says") + "\n";
  if (labels.contains("ordered_by"))
    story += "  ordered by " + text(labels, "ordered_by") + ": " + text(labels, "why") + "\n";
  return story + "\n  What to do: " + advice(work) + ".\n";
}

}  // namespace certspan
