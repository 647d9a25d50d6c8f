// `certspan journal`: asks the running host, or does it itself when the host is down.

#include <chrono>
#include <functional>
#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/app/journal_report.hpp"
#include "host/base/clock.hpp"
#include "host/control/control_client.hpp"
#include "host/journal/key_rotation.hpp"

namespace certspan {
namespace {

/// A journal of many gigabytes takes its time.
constexpr std::chrono::minutes kPatience{30};

Result<nlohmann::json> ask_or_do(const Config& config, std::string_view command, bool read_only,
                                 const std::function<Result<nlohmann::json>(Journal&)>& work) {
  auto answer = call_host(control_socket(config), command, nlohmann::json::object(), kPatience);
  if (answer || answer.error().code != "control.no_host") return answer;
  const SystemClock clock;
  CERTSPAN_TRY(const auto journal,
               open_offline(config, read_only ? Offline::ReadSecrets : Offline::Write, clock));
  return work(*journal);
}

Error while_a_host_runs(Error error) {
  if (error.code == "journal.locked") {
    error.message += "; the key changes while no host runs: stop it, rotate, and start it again";
  }
  return error;
}

}  // namespace

ExitCode command_journal_check(const CommonOptions& options) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const auto found =
      ask_or_do(*config, "journal_check", true, [](Journal& journal) -> Result<nlohmann::json> {
        CERTSPAN_TRY(const auto inspection, journal.inspect());
        return inspection_to_json(inspection);
      });
  if (!found) return complain(found.error());
  if (options.json) {
    print_json(*found);
  } else {
    std::cout << tell_inspection(*found);
  }
  return (*found)["faults"].empty() ? ExitCode::Ok : ExitCode::Failure;
}

ExitCode command_journal_compact(const CommonOptions& options) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const auto sizes =
      ask_or_do(*config, "journal_compact", false, [](Journal& journal) -> Result<nlohmann::json> {
        CERTSPAN_CHECK(journal.expire());
        CERTSPAN_TRY(const auto compaction, journal.compact(true));
        return compaction_to_json(compaction);
      });
  if (!sizes) return complain(sizes.error());
  if (options.json) {
    print_json(*sizes);
  } else {
    std::cout << tell_compaction(*sizes);
  }
  return ExitCode::Ok;
}

ExitCode command_journal_rotate_key(const CommonOptions& options) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const auto keys = configured_keys(config->host);
  if (!keys) return complain(keys.error());
  const auto rotation = rotate_key(config->host.data_dir, *keys);
  if (!rotation) return complain(while_a_host_runs(rotation.error()));
  const nlohmann::json told = rotation_to_json(*rotation);
  if (options.json) {
    print_json(told);
  } else {
    std::cout << tell_rotation(told);
  }
  return ExitCode::Ok;
}

}  // namespace certspan
