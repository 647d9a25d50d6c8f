// How a probation is watched, and how it ends.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/app/swap_desk.hpp"
#include "host/app/swap_trial.hpp"
#include "host/app/work_report.hpp"
#include "host/base/failpoint.hpp"

namespace certspan {

namespace {

/// Version and SHA-256 of what runs.
std::pair<std::string, std::string> running_version(const Deployment& deployment, const std::string& plugin) {
  const PluginPair now = deployment.checked().catalog->pair(plugin);
  return {std::string(now.any()->version()), now.any()->sha256()};
}

}  // namespace

void SwapDesk::judge(Deployment& deployment) {
  for (std::size_t at = trials_.size(); at-- > 0;) {
    const Trial& trial = *trials_[at];
    std::vector<std::string> guilty;
    std::string against;
    for (std::size_t each = 0; each < trial.plugins.size(); ++each) {
      const std::string fault = trial.fault_of(deployment, each);
      if (fault.empty()) continue;
      guilty.push_back(trial.plugins[each]);
      against += (against.empty() ? "" : "; ") + fault;
    }
    if (!guilty.empty()) {
      static_cast<void>(end_badly(deployment, at, against, guilty));  // the log has it
    } else if (trial.is_over(deployment, backends_.clock.now())) {
      // What can't be written down now is tried again the next time.
      static_cast<void>(end_well(deployment, at,
                                 fmt::format("after {} calls on probation", trial.count(deployment).calls)));
    }
  }
}

/// The old versions take over again as the new ones did. If they can't, the new ones go on: a host without a
/// connector helps nobody. Error plugin.version_book: they have taken over, and after the next start that is
/// forgotten.
Result<void> SwapDesk::end_badly(Deployment& deployment, std::size_t at, const std::string& reason,
                                 const std::vector<std::string>& guilty) {
  Faults faults(backends_.config_file);
  if (!deployment.make_ready(trials_[at]->before, deployment.scene(), faults)) {
    const std::string plugins = fmt::format("{}", fmt::join(trials_[at]->plugins, ", "));
    backends_.log.write(LogLevel::Error, "plugin swap can't be rolled back",
                        {{"plugin", plugins}, {"reason", reason}, {"against", faults.to_line()}});
    return fail(Outcome::Unavailable, "swap.cannot_roll_back",
                "the version before of " + plugins +
                    " can't take over again, and the new one goes on: " + faults.to_line());
  }
  std::vector<std::pair<std::string, std::string>> gone;
  for (const std::string& plugin : trials_[at]->plugins) gone.push_back(running_version(deployment, plugin));
  std::unique_ptr<Trial> ended;
  {
    const MutexLock lock(backends_.mutex);
    deployment.exchange(trials_[at]->before);
    ended = std::move(trials_[at]);
    trials_.erase(trials_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  CERTSPAN_FAILPOINT("swap.rolled_back");
  Result<void> all_written;
  for (std::size_t each = 0; each < ended->plugins.size(); ++each) {
    const std::string& plugin = ended->plugins[each];
    const SwapEvent event{SwapEvent::Kind::RolledBack,
                          backends_.clock.wall_ms(),
                          gone[each].first,
                          running_version(deployment, plugin).first,
                          gone[each].second,
                          reason};
    const bool quarantined = std::ranges::find(guilty, plugin) != guilty.end();
    const auto written = in_book([&] { return book_.take_back(plugin, event, quarantined); });
    tell_unwritten(written, plugin);
    if (!written) {
      all_written = fail(written.error().outcome, written.error().code,
                         "plugin \"" + plugin +
                             "\" was rolled back and serves, but that can't be written "
                             "down: " +
                             written.error().message);
    }
    log(guilty.empty() ? LogLevel::Warn : LogLevel::Error, "plugin swap rolled back", plugin, event);
  }
  for (Cohort& cohort : ended->before) deployment.let_leave(std::move(cohort), ended->terms.drain);
  return all_written;
}

Result<void> SwapDesk::end_well(Deployment& deployment, std::size_t at, const std::string& reason) {
  const Trial& trial = *trials_[at];
  for (std::size_t each = 0; each < trial.plugins.size(); ++each) {
    const std::string& plugin = trial.plugins[each];
    const auto [version, sha256] = running_version(deployment, plugin);
    const SwapEvent event{SwapEvent::Kind::Committed,
                          backends_.clock.wall_ms(),
                          std::string(trial.before[each].plugin.any()->version()),
                          version,
                          sha256,
                          reason};
    const auto committed = in_book([&] { return book_.commit(plugin, event); });
    tell_unwritten(committed, plugin);
    CERTSPAN_CHECK(committed);
    log(LogLevel::Info, "plugin swap committed", plugin, event);
  }
  std::unique_ptr<Trial> ended;
  {
    const MutexLock lock(backends_.mutex);
    ended = std::move(trials_[at]);
    trials_.erase(trials_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  CERTSPAN_FAILPOINT("swap.committed");
  for (Cohort& cohort : ended->before) deployment.let_leave(std::move(cohort), ended->terms.drain);
  return {};
}

void SwapDesk::note_stop() {
  tell_unwritten(in_book([&] { return book_.note_stop(); }), "");
}

void SwapDesk::tell_unwritten(const Result<void>& result, const std::string& plugin) {
  if (result) return;
  backends_.log.write(
      LogLevel::Error, "plugin swap can't be written down",
      {{"plugin", plugin}, {"code", result.error().code}, {"reason", result.error().message}});
}

void SwapDesk::log(LogLevel level, std::string_view event, const std::string& plugin, const SwapEvent& what) {
  backends_.log.write(level, event,
                      {{"plugin", plugin},
                       {"from", what.from},
                       {"to", what.to},
                       {"sha256", what.sha256},
                       {"reason", what.reason}});
}

std::string SwapDesk::trials_text() const {
  std::string text;
  for (const auto& trial : trials_) {
    text += fmt::format("{}plugin {} is on probation until {}", text.empty() ? "" : "; ",
                        fmt::join(trial->plugins, ", "),
                        to_wall_text(trial->began_at + trial->terms.probation.count()));
  }
  return text;
}

nlohmann::json SwapDesk::trials_to_json(const Deployment& deployment) const {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& trial : trials_) {
    nlohmann::json plugins = nlohmann::json::array();
    for (std::size_t each = 0; each < trial->plugins.size(); ++each) {
      plugins.push_back({{"plugin", trial->plugins[each]},
                         {"from", trial->before[each].plugin.any()->version()},
                         {"to", running_version(deployment, trial->plugins[each]).first}});
    }
    const Trial::Count count = trial->count(deployment);
    list.push_back(
        {{"plugins", std::move(plugins)},
         {"until", to_wall_text(trial->began_at + trial->terms.probation.count())},
         {"calls_needed", Trial::kEnoughCalls},
         {"latest", to_wall_text(trial->began_at + Trial::kLongest * trial->terms.probation.count())},
         {"calls", count.calls},
         {"faults", count.faults}});
  }
  return list;
}

}  // namespace certspan
