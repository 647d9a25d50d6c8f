// Versions of plugins on a running host: swap, rollback, commit, history, quarantine. And `apply`.

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>

#include <fmt/format.h>

#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"
#include "host/app/plugin_catalog.hpp"
#include "host/app/swap_report.hpp"
#include "host/base/text_file.hpp"
#include "host/config/units.hpp"
#include "host/loading/abi_text.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kBetweenLooks{100};
/// Verifying, probing, and a worker that takes its time.
constexpr std::chrono::minutes kLongestSwap{5};
constexpr std::chrono::milliseconds kShortestProbation{100};
constexpr std::size_t kLongestLine = 2000;
constexpr std::size_t kLargestBook = 4UL * 1024 * 1024;

Result<std::int64_t> milliseconds_of(const std::string& text, const std::string& option) {
  const auto duration = parse_duration(text);
  if (duration) return duration->count();
  return fail(Outcome::Invalid, "usage.duration",
              option + ": " + duration.error().message + "; " + duration.error().suggestion);
}

/// Prints what the host has done since the last look.
void print_steps(const Config& config, std::size_t& printed) {
  const auto progress = ask_host(config, "plugin_progress", Json::object());
  if (!progress) return;
  const Json steps = progress->value("steps", Json::array());
  for (; printed < steps.size(); ++printed)
    std::cout << "  " << steps[printed].get<std::string>() << std::endl;
}

Result<Json> swap_and_watch(const Config& config, const Json& arguments, bool quiet) {
  auto answer = std::async(std::launch::async,
                           [&] { return ask_host(config, "plugin_swap", arguments, kLongestSwap); });
  std::size_t printed = 0;
  while (answer.wait_for(kBetweenLooks) != std::future_status::ready) {
    if (!quiet) print_steps(config, printed);
  }
  auto result = answer.get();
  if (!quiet && result) print_steps(config, printed);
  return result;
}

/// From the running host, or from its book when it is down.
Result<Json> history_of(const Config& config) {
  auto answer = ask_host(config, "plugin_history", Json::object());
  if (answer || answer.error().code != "control.no_host") return answer;
  const auto file = plugin_copies(config) / "versions.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return version_book_to_json({}, {});
  CERTSPAN_TRY(const std::string text, read_text_file(file, kLargestBook));
  CERTSPAN_TRY(const auto book, read_version_book(text));
  return version_book_to_json(book.plugins, book.quarantine);
}

/// Versions and reasons come from plugins.
std::string shown(const std::string& text) {
  return clean_text(text, kLongestLine);
}

ExitCode print_or(bool json, const Result<Json>& answer, const std::function<void(const Json&)>& print) {
  if (!answer) return complain(answer.error());
  if (json) {
    print_json(*answer);
  } else {
    print(*answer);
  }
  return ExitCode::Ok;
}

void keep_only(const std::string& name, Json& plugins) {
  Json kept = Json::object();
  if (plugins.contains(name)) kept[name] = std::move(plugins[name]);
  plugins = std::move(kept);
}

void print_history(const Json& book) {
  bool any = false;
  for (const auto& [plugin, record] : book["plugins"].items()) {
    // A swap that was refused leaves none.
    if (record["history"].empty()) continue;
    any = true;
    std::cout << plugin << "\n";
    for (const Json& event : record["history"]) std::cout << "  " << shown(history_line(event)) << "\n";
  }
  if (!any) std::cout << "no plugin was swapped here\n";
}

void print_quarantine(const Json& book) {
  if (book["quarantine"].empty()) std::cout << "nothing is quarantined\n";
  for (const Json& entry : book["quarantine"]) {
    std::cout << shown(fmt::format("{} {} since {}: {}", entry.value("plugin", std::string()),
                                   entry.value("version", std::string()), entry.value("at", std::string()),
                                   entry.value("reason", std::string())))
              << "\n  " << entry.value("sha256", std::string()) << "\n";
  }
}

}  // namespace

ExitCode command_plugin_swap(const CommonOptions& options, const SwapOptions& swap) {
  if (swap.names_and_files.empty() || swap.names_and_files.size() % 2 != 0) {
    return complain({Outcome::Invalid, "usage", "say which plugin and which file: NAME FILE [NAME FILE]..."},
                    ExitCode::Usage);
  }
  if (std::ranges::find(swap.names_and_files, "") != swap.names_and_files.end()) {
    return complain({Outcome::Invalid, "usage", "a plugin's name or its file is empty"}, ExitCode::Usage);
  }
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  const auto probation = milliseconds_of(swap.probation, "--probation");
  const auto drain = milliseconds_of(swap.drain, "--drain");
  if (!probation || !drain) return complain((probation ? drain : probation).error(), ExitCode::Usage);
  if (*probation < kShortestProbation.count()) {
    return complain({Outcome::Invalid, "usage.duration",
                     "--probation: a version that is watched for less than 100ms is not watched; say 10m"},
                    ExitCode::Usage);
  }
  Json arguments = {{"orders", Json::array()}, {"probation_ms", *probation}, {"drain_ms", *drain}};
  for (std::size_t i = 0; i < swap.names_and_files.size(); i += 2) {
    arguments["orders"].push_back(
        {{"name", swap.names_and_files[i]},
         {"file", std::filesystem::absolute(swap.names_and_files[i + 1]).string()}});
  }
  return print_or(options.json, swap_and_watch(*config, arguments, options.json), [](const Json& answer) {
    for (const Json& trial : answer.value("swaps", Json::array())) {
      std::cout << "on probation until " << trial.value("until", std::string())
                << "; `certspan plugin history` tells how it ends\n";
    }
  });
}

ExitCode command_plugin_rollback(const CommonOptions& options, const std::string& name) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  return print_or(options.json, ask_host(*config, "plugin_rollback", {{"name", name}}, kLongestSwap),
                  [](const Json& answer) { std::cout << answer.value("plugin", "") << ": rolled back\n"; });
}

ExitCode command_plugin_commit(const CommonOptions& options, const std::string& name) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  return print_or(options.json, ask_host(*config, "plugin_commit", {{"name", name}}),
                  [](const Json& answer) { std::cout << answer.value("plugin", "") << ": committed\n"; });
}

ExitCode command_plugin_history(const CommonOptions& options, const std::string& name) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  auto book = history_of(*config);
  if (book && !name.empty()) keep_only(name, (*book)["plugins"]);
  return print_or(options.json, book, print_history);
}

ExitCode command_plugin_quarantine(const CommonOptions& options, const std::string& release) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  if (release.empty()) return print_or(options.json, history_of(*config), print_quarantine);
  return print_or(options.json, ask_host(*config, "plugin_release", {{"sha256", release}}),
                  [](const Json& answer) { std::cout << answer.value("released", "") << ": released\n"; });
}

ExitCode command_apply(const CommonOptions& options, bool strand) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error());
  return print_or(options.json, ask_host(*config, "config_apply", {{"strand", strand}}, kLongestSwap),
                  [](const Json& answer) {
                    std::cout << answer.value("applied", "") << " is in force\n";
                    const auto stranded = answer.value("stranded", std::size_t{0});
                    if (stranded > 0) std::cout << stranded << " open work items become dead letters\n";
                  });
}

}  // namespace certspan
