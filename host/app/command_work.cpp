// Commands that ask the running host, and those about work that read its journal when it is down.

#include <algorithm>
#include <chrono>
#include <iostream>

#include <fmt/format.h>

#include "host/app/certificate_file.hpp"
#include "host/app/commands.hpp"
#include "host/app/ending.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/app/swap_report.hpp"
#include "host/app/work_report.hpp"
#include "host/app/work_source.hpp"
#include "host/base/clock.hpp"

namespace certspan {
namespace {

/// Asks and prints: JSON as it is, or by `in_words`.
template <typename Ask, typename InWords>
ExitCode ask_and_print(const CommonOptions& options, const Ask& ask, const InWords& in_words) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const Result<nlohmann::json> answer = ask(*config);
  if (!answer) return complain(answer.error());
  if (options.json) {
    print_json(*answer);
  } else {
    in_words(*answer);
  }
  return ExitCode::Ok;
}

void print_stories(const nlohmann::json& answer, const std::string& text) {
  for (const auto& work : answer["items"]) std::cout << tell_story(work) << "\n";
  if (!answer["items"].empty()) return;
  std::cout << "nothing known of \"" << text
            << "\": no request with this transaction id, serial, name or work id was accepted"
            << "\nLook at the host's log: messages that could not be opened are told there with the "
               "reference that the device shows\n";
}

/// As many as a search tells.
constexpr std::size_t kStories = 5;

Result<nlohmann::json> newest_with_name(const Config& config, const std::string& name) {
  CERTSPAN_TRY(WorkSource source, WorkSource::open(config));
  ItemFilter filter;
  filter.name = name;
  filter.limit = kStories;
  nlohmann::json items = nlohmann::json::array();
  const auto take = [&](const nlohmann::json& work) -> Result<void> {
    items.push_back(work);
    return {};
  };
  CERTSPAN_CHECK(source.read(filter, {.newest_first = true, .standing = true}, take));
  return nlohmann::json{{"items", std::move(items)}};
}

std::string text_of(const nlohmann::json& object, const char* name) {
  return object.value(name, std::string());
}

std::string issuer_line(const nlohmann::json& issuer) {
  std::string line = text_of(issuer, "name") + ": breaker " + text_of(issuer, "breaker");
  if (const int failures = issuer.value("failures", 0); failures > 0) {
    line += ", " + std::to_string(failures) + " failures in a row";
  }
  if (const auto wait = issuer.value("opens_in_ms", std::int64_t{0}); wait > 0) {
    line += ", asked again in " + std::to_string((wait + 999) / 1000) + " s";
  }
  return line;
}

/// Where the connector's plugin runs, unless that is the host.
std::string place(const nlohmann::json& connector) {
  const std::string runs_in = text_of(connector, "runs_in");
  return runs_in.empty() || runs_in == "host" ? "" : ", in " + runs_in;
}

/// What is not the program's own is worth a word.
std::string trust_of(const nlohmann::json& connector) {
  const auto trust = connector.value("trust", nlohmann::json::object());
  const std::string kind = trust.value("kind", "shipped");
  if (kind == "shipped") return {};
  return ", " + kind + (kind == "signed" ? " by \"" + trust.value("key", "") + "\"" : "");
}

/// A probation may last longer than it was meant to.
std::string until_of(const nlohmann::json& swap) {
  const bool enough = swap.value("calls", 0) >= swap.value("calls_needed", 0);
  return text_of(swap, "until") + (enough ? ""
                                          : " and for " + std::to_string(swap.value("calls_needed", 0)) +
                                                " calls, at the latest until " + text_of(swap, "latest"));
}

void print_swaps(const nlohmann::json& status) {
  if (!status["swaps"].empty() || !status["swapped"].empty()) std::cout << "\nversions\n";
  for (const auto& swap : status["swaps"]) {
    for (const auto& plugin : swap["plugins"]) {
      std::cout << "  " << text_of(plugin, "plugin") << ": on probation, " << text_of(plugin, "from")
                << " -> " << text_of(plugin, "to") << ", until " << until_of(swap) << "; "
                << swap.value("calls", 0) << " calls, " << swap.value("faults", 0) << " faults\n";
    }
  }
  for (const auto& last : status["swapped"]) {
    std::cout << "  " << text_of(last, "plugin") << ": " << history_line(last) << "\n";
  }
}

void print_status(const nlohmann::json& status) {
  std::cout << "certspan " << text_of(status, "version") << ", " << text_of(status, "state") << " since "
            << text_of(status, "started_at") << "\n";
  for (const auto& notice : status["notices"]) std::cout << "  ! " << notice.get<std::string>() << "\n";
  std::cout << "\nlisteners\n";
  for (const auto& listener : status["listeners"]) {
    std::cout << "  " << text_of(listener, "name") << " " << text_of(listener, "address") << ", "
              << listener.value("open", 0) << " connections, " << listener.value("requests", 0)
              << " requests\n";
  }
  std::cout << "\nconnectors\n";
  for (const auto& connector : status["connectors"]) {
    std::cout << "  " << text_of(connector, "name") << " (" << text_of(connector, "plugin") << " "
              << text_of(connector, "version") << ", " << text_of(connector, "type") << trust_of(connector)
              << "): " << text_of(connector, "state") << place(connector)
              << (text_of(connector, "reason").empty() ? "" : ": " + text_of(connector, "reason")) << "\n";
    if (connector.contains("about")) std::cout << "    " << text_of(connector, "about") << "\n";
    if (connector.contains("trouble")) std::cout << "    ! " << text_of(connector, "trouble") << "\n";
  }
  print_swaps(status);
  if (!status["issuers"].empty()) std::cout << "\nissuers\n";
  for (const auto& issuer : status["issuers"]) std::cout << "  " << issuer_line(issuer) << "\n";
  const auto& work = status["work"];
  std::cout << "\nwork\n  " << work.value("ready", 0) << " ready, " << work.value("calling", 0)
            << " calling, " << work.value("pending", 0) << " pending, " << work.value("held", 0) << " held, "
            << work.value("finished", 0) << " finished, " << work.value("dead", 0) << " dead letters\n";
}

Result<nlohmann::json> accept_clock(const Config& config) {
  auto answer = ask_host(config, "clock_accept", nlohmann::json::object());
  if (answer || answer.error().code != "control.no_host") return answer;
  const SystemClock clock;
  // Opening for writing would make a journal where there is none.
  CERTSPAN_CHECK(open_offline(config, Offline::Read, clock));
  CERTSPAN_TRY(const auto journal, open_offline(config, Offline::Write, clock));
  CERTSPAN_CHECK(journal->accept_clock());
  return nlohmann::json{{"accepted", true}};
}

std::int64_t unix_now() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch()).count();
}

std::string time_left(std::int64_t days) {
  if (days < 0) return "over since " + std::to_string(-days) + (days == -1 ? " day" : " days");
  return std::to_string(days) + (days == 1 ? " day left" : " days left");
}

/// The exit code is that of the nearest.
ExitCode print_endings(const std::vector<Ending>& endings, bool json) {
  const std::int64_t now = unix_now();
  auto nearest = Nearness::Far;
  nlohmann::json rows = nlohmann::json::array();
  for (const Ending& ending : endings) {
    nearest = std::max(nearest, nearness(ending.at, now));
    const std::int64_t days = days_left(ending.at, now);
    rows.push_back(
        {{"kind", ending.kind}, {"name", ending.name}, {"ends_at", ending.at}, {"days_left", days}});
    if (json) continue;
    std::cout << fmt::format("{:10} {:14} {:8} {}\n", to_wall_text(ending.at * 1000).substr(0, 10),
                             time_left(days), ending.kind, ending.name);
  }
  if (json) print_json(rows);
  if (!json && endings.empty()) std::cout << "nothing that ends is known\n";
  if (nearest >= Nearness::In7Days) return ExitCode::EndsNow;
  return nearest >= Nearness::In30Days ? ExitCode::EndsSoon : ExitCode::Ok;
}

}  // namespace

ExitCode command_status(const CommonOptions& options) {
  return ask_and_print(
      options, [](const Config& config) { return ask_host(config, "status", nlohmann::json::object()); },
      print_status);
}

ExitCode command_status_expiry(const CommonOptions& options) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::NotKnown);
  const auto status = ask_host(*config, "status", nlohmann::json::object());
  if (!status) return complain(status.error(), ExitCode::NotKnown);
  return print_endings(endings_of(*status), options.json);
}

ExitCode command_work_show(const CommonOptions& options, const std::string& id) {
  return ask_and_print(
      options,
      [&](const Config& config) {
        return ask_work(config, "work_show", {{"id", id}});
      },
      [](const nlohmann::json& work) { print_json(work); });
}

ExitCode command_work_decide(const CommonOptions& options, const std::string& id, bool approve,
                             const std::string& reason) {
  return ask_and_print(
      options,
      [&](const Config& config) {
        return ask_host(config, approve ? "work_approve" : "work_refuse", {{"id", id}, {"reason", reason}});
      },
      [&](const nlohmann::json&) { std::cout << id << (approve ? " is approved\n" : " is refused\n"); });
}

ExitCode command_work_resolve(const CommonOptions& options, const std::string& id,
                              const ResolveOptions& resolve) {
  nlohmann::json arguments = {{"id", id}, {"as", resolve.not_done ? "not_done" : "abandon"}};
  if (!resolve.issued.empty()) {
    const auto certificate = read_certificate(resolve.issued);
    if (!certificate) return complain(certificate.error());
    arguments["as"] = "issued";
    arguments["certificate"] = to_hex(*certificate);
  }
  return ask_and_print(
      options, [&](const Config& config) { return ask_host(config, "work_resolve", arguments); },
      [&](const nlohmann::json&) { std::cout << id << " is resolved\n"; });
}

ExitCode command_why(const CommonOptions& options, const WhyOptions& why) {
  if (why.text.empty() && why.name.empty()) {
    return complain({Outcome::Invalid, "work.bad_filter", "say of what: a text, or --name"}, ExitCode::Usage);
  }
  bool known = false;
  const ExitCode asked = ask_and_print(
      options,
      [&](const Config& config) {
        auto answer = why.name.empty() ? ask_work(config, "search", {{"text", why.text}})
                                       : newest_with_name(config, why.name);
        known = answer && !(*answer)["items"].empty();
        return answer;
      },
      [&](const nlohmann::json& answer) { print_stories(answer, why.name.empty() ? why.text : why.name); });
  return asked == ExitCode::Ok && !known ? ExitCode::Failure : asked;
}

ExitCode command_action(const CommonOptions& options, const std::string& connector, const std::string& action,
                        const nlohmann::json& arguments) {
  return ask_and_print(
      options,
      [&](const Config& config) {
        return ask_host(config, "action",
                        {{"connector", connector}, {"action", action}, {"arguments", arguments}});
      },
      [](const nlohmann::json& answer) {
        for (const auto& [name, value] : answer.items()) {
          std::cout << name << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
        }
      });
}

ExitCode command_challenge_list(const CommonOptions& options, const std::string& connector) {
  return ask_and_print(
      options,
      [&](const Config& config) {
        return ask_host(config, "action",
                        {{"connector", connector},
                         {"action", "challenge_list"},
                         {"arguments", nlohmann::json::object()}});
      },
      [](const nlohmann::json& answer) {
        const auto challenges = answer.value("challenges", nlohmann::json::array());
        if (challenges.empty()) std::cout << "there are no one-time challenges\n";
        for (const auto& one : challenges) {
          std::cout << fmt::format("{:<14} {:<8} until {}", one.value("id", ""), one.value("state", ""),
                                   one.value("expires", ""));
          for (const char* bound : {"endpoint", "profile", "subject"}) {
            const std::string text = one.value(bound, "");
            if (!text.empty()) std::cout << "  " << bound << "=" << text;
          }
          if (one.contains("san")) std::cout << "  san=" << one["san"].dump();
          std::cout << "\n";
        }
      });
}

ExitCode command_clock_accept(const CommonOptions& options) {
  return ask_and_print(options, accept_clock,
                       [](const nlohmann::json&) { std::cout << "the wall clock is accepted as it is\n"; });
}

}  // namespace certspan
