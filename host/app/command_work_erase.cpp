// `certspan work erase`: asks the running host, or does it itself when the host is down.

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/erasing_work.hpp"
#include "host/app/filter_words.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/base/clock.hpp"
#include "host/control/control_client.hpp"
#include "host/control/peer.hpp"

namespace certspan {
namespace {

/// A journal of many gigabytes takes its time.
constexpr std::chrono::minutes kErasingPatience{30};

Result<nlohmann::json> ask_or_erase(const Config& config, const nlohmann::json& arguments) {
  auto answer = call_host(control_socket(config), "work_erase", arguments, kErasingPatience);
  if (answer || answer.error().code != "control.no_host") return answer;
  const SystemClock clock;
  const bool counts_only = arguments.at("dry_run").get<bool>();
  CERTSPAN_TRY(const auto journal, open_offline(config, counts_only ? Offline::Read : Offline::Write, clock));
  return erase_work(*journal, arguments, peer_of({.uid = ::geteuid(), .groups = {}}, {}).name, true);
}

/// What Certspan does not reach.
void tell_the_rest(const Config& config, const nlohmann::json& answer) {
  if (!answer.value("rewritten", false)) {
    std::cout
        << "the journal is too large to be written anew beside its work: parts of its pages that are not in "
           "use may hold fragments until they are used again. To be sure, stop the host and run this command "
           "once more\n";
  }
  const std::string log = config.host.log.file.empty() ? "standard error, as a rule the system's journal"
                                                       : "\"" + config.host.log.file.string() + "\"";
  std::cout << "not touched, see to them yourself:\n"
            << "  the host's log (" << log
            << ") and what was rotated: it names transaction ids, addresses, and the "
               "subjects that plugins tell of\n"
            << "  backups of \"" << config.host.data_dir.string() << "\", and exports that were made\n"
            << "  the records of CAs, an embedded CA's ledger among them: certificates that are good have to "
               "be known "
               "to be revoked\n";
}

}  // namespace

ExitCode command_work_erase(const CommonOptions& options, const FilterOptions& words,
                            const EraseOptions& erase) {
  const auto filter = words.read();
  if (!filter) return complain(filter.error(), ExitCode::Usage);
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const bool counts_only = erase.dry_run || !erase.yes;
  const auto answer = ask_or_erase(
      *config, {{"filter", filter_to_words(*filter)}, {"reason", erase.reason}, {"dry_run", counts_only}});
  if (!answer) return complain(answer.error());
  if (options.json) {
    print_json(*answer);
  } else {
    const auto count = answer->value("erased", std::uint64_t{0});
    std::cout << count << " finished work items " << (counts_only ? "would be erased" : "were erased")
              << "\n";
    if (!counts_only) tell_the_rest(*config, *answer);
  }
  if (erase.dry_run || erase.yes) return ExitCode::Ok;
  std::cerr << "certspan: nothing was erased: say --yes with it, for there is no way back\n";
  return ExitCode::Failure;
}

}  // namespace certspan
