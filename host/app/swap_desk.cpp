#include "host/app/swap_desk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/app/swap_trial.hpp"
#include "host/app/work_report.hpp"
#include "host/base/failpoint.hpp"
#include "host/config/units.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

PluginVersion version_of(const Plugin& plugin) {
  return {plugin.sha256(), std::string(plugin.version()), plugin.path(),
          plugin.trust().kind == TrustGround::Kind::Shipped, plugin.traits().state_writes};
}

/// Until the new version is there to stay it may write only what the old one reads, since no store is ever
/// put back.
Result<void> check_state(const std::string& plugin, const PluginTraits& now, const PluginTraits& next) {
  if (next.state_reads > now.state_writes) {
    return fail(
        Outcome::Rejected, "swap.state",
        fmt::format("plugin \"{}\": the new version reads stored state from version {} on, and the one "
                    "that runs writes version {}; install the versions between them first",
                    plugin, next.state_reads, now.state_writes));
  }
  if (next.state_writes < now.state_reads || next.state_writes > now.state_writes) {
    return fail(
        Outcome::Rejected, "swap.state",
        fmt::format("plugin \"{}\": the new version writes stored state of version {}, which the one that "
                    "runs can't read ({} to {}), so that it could not be taken back; install it into "
                    "`plugins: dirs:` and restart the host",
                    plugin, next.state_writes, now.state_reads, now.state_writes));
  }
  return {};
}

/// Empty if there is none.
std::string sha256_in_directory(const std::string& plugin, const Config& config) {
  const auto file = read_plugin_file(plugin, config.plugins.dirs);
  return file ? file->sha256 : std::string();
}

}  // namespace

Result<std::string> swappable(const Deployment& deployment, const std::string& name) {
  const auto& connectors = deployment.checked().prepared.connectors;
  for (const PreparedConnector& connector : connectors) {
    if (connector.plugin == name || connector.name == name) return connector.plugin;
  }
  std::string known;
  for (const PreparedConnector& connector : connectors) {
    if (known.find(connector.plugin) == std::string::npos)
      known += (known.empty() ? "" : ", ") + connector.plugin;
  }
  return fail(
      Outcome::Rejected, "swap.unknown_plugin",
      "\"" + name + "\" is no plugin and no connector of the running configuration, which uses " + known);
}

SwapDesk::SwapDesk(VersionBook book, Backends backends)
    : book_(std::move(book)), backends_(std::move(backends)) {}

SwapDesk::~SwapDesk() = default;

Result<void> SwapDesk::recover() {
  CERTSPAN_TRY(const auto ended, book_.recover(backends_.clock.wall_ms()));
  for (const auto& [plugin, event] : ended) {
    log(LogLevel::Error, "a plugin's new version was taken back at the start", plugin, event);
  }
  return {};
}

Result<nlohmann::json> SwapDesk::swap(Deployment& deployment, const std::vector<SwapOrder>& orders,
                                      const SwapTerms& terms) {
  std::vector<Candidate> candidates;
  for (const SwapOrder& order : orders) {
    CERTSPAN_TRY(Candidate candidate, verify(deployment, order));
    if (std::ranges::count(candidates, candidate.plugin, &Candidate::plugin) > 0) {
      return fail(Outcome::Rejected, "swap.twice",
                  "plugin \"" + candidate.plugin + "\" is named twice, the second time as \"" + order.name +
                      "\": name each plugin once");
    }
    candidates.push_back(std::move(candidate));
  }
  CERTSPAN_CHECK(write_down(candidates));
  if (auto taken = take_over(deployment, candidates, terms); !taken) {
    for (const Candidate& candidate : candidates) {
      if (const auto dropped = book_.drop_trial(candidate.plugin); !dropped) {
        backends_.progress.add(dropped.error().message);
      }
    }
    return tl::unexpected(taken.error());
  }
  return nlohmann::json{{"swaps", trials_to_json(deployment)}};
}

/// Everything that can be told before anything changes.
Result<SwapDesk::Candidate> SwapDesk::verify(const Deployment& deployment, const SwapOrder& order) {
  Candidate candidate;
  CERTSPAN_TRY(candidate.plugin, swappable(deployment, order.name));
  const CheckedConfig& checked = deployment.checked();
  if (trial_of(candidate.plugin)) {
    return fail(Outcome::Rejected, "swap.on_trial",
                trials_text() + "; `certspan plugin commit` or `rollback` ends that before its time");
  }
  Faults faults(backends_.config_file);
  PluginSearch search = search_of(checked.config, plugin_copies(checked.config), &book_, faults);
  if (faults.has_errors()) return fail(Outcome::Invalid, "swap.refused", faults.to_line());
  const PluginPair now = checked.catalog->pair(candidate.plugin);
  if (now.in_host) {
    CERTSPAN_TRY(candidate.next.in_host,
                 load_plugin_at(order.file, candidate.plugin, now.in_host.get(), search));
  }
  search.in_workers = true;
  if (now.in_workers) {
    CERTSPAN_TRY(candidate.next.in_workers, load_plugin_at(order.file, candidate.plugin, nullptr, search));
  }
  const Plugin& next = *candidate.next.any();
  candidate.before = version_of(*now.any());
  candidate.after = version_of(next);
  if (candidate.before.sha256 == candidate.after.sha256) {
    return fail(Outcome::Rejected, "swap.same_version",
                "plugin \"" + candidate.plugin + "\" runs from this very file already (version " +
                    candidate.after.version + ", SHA-256 " + candidate.after.sha256 + ")");
  }
  CERTSPAN_CHECK(check_state(candidate.plugin, now.any()->traits(), next.traits()));
  candidate.directory_sha256 = sha256_in_directory(candidate.plugin, checked.config);
  backends_.progress.add(fmt::format("verified {} {} ({}, SHA-256 {}...) and loaded it beside {} in a child",
                                     candidate.plugin, candidate.after.version, to_string(next.trust()),
                                     candidate.after.sha256.substr(0, 12), candidate.before.version));
  return candidate;
}

Result<void> SwapDesk::write_down(const std::vector<Candidate>& candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& each = candidates[i];
    auto begun = book_.begin_trial(each.plugin, {each.before, each.after, backends_.clock.wall_ms(), false},
                                   each.directory_sha256);
    if (begun) continue;
    for (std::size_t undone = 0; undone < i; ++undone) {
      static_cast<void>(book_.drop_trial(candidates[undone].plugin));
    }
    return begun;
  }
  CERTSPAN_FAILPOINT("swap.written_down");
  backends_.progress.add("wrote down what runs now: a host that dies from here on starts with it");
  return {};
}

Result<void> SwapDesk::take_over(Deployment& deployment, std::vector<Candidate>& candidates,
                                 const SwapTerms& terms) {
  Faults faults(backends_.config_file);
  auto trial = std::make_unique<Trial>();
  for (Candidate& candidate : candidates) {
    auto cohort = deployment.raise(std::move(candidate.next), faults);
    if (!cohort) return fail(Outcome::Rejected, "swap.refused", faults.to_line());
    trial->plugins.push_back(candidate.plugin);
    trial->before.push_back(std::move(*cohort));
  }
  if (!deployment.make_ready(trial->before, faults)) {
    return fail(Outcome::Rejected, "swap.refused", faults.to_line());
  }
  backends_.progress.add("started the new connectors beside the old ones");
  CERTSPAN_FAILPOINT("swap.ready");
  trial->terms = terms;
  trial->began = backends_.clock.now();
  trial->began_at = backends_.clock.wall_ms();
  {
    const MutexLock lock(backends_.mutex);
    deployment.exchange(trial->before);
    trials_.push_back(std::move(trial));
  }
  CERTSPAN_FAILPOINT("swap.published");
  for (Cohort& cohort : trials_.back()->before) cohort.close_intake();
  for (const Candidate& candidate : candidates) {
    const SwapEvent event{SwapEvent::Kind::Swapped, backends_.clock.wall_ms(), candidate.before.version,
                          candidate.after.version,  candidate.after.sha256,    "by " + terms.who};
    written(book_.remember(candidate.plugin, event), candidate.plugin);
    log(LogLevel::Info, "plugin swapped, on probation", candidate.plugin, event);
    backends_.progress.add(fmt::format("{} {} serves in the place of {}, on probation for {}",
                                       candidate.plugin, candidate.after.version, candidate.before.version,
                                       format_duration(terms.probation)));
  }
  return {};
}

Result<nlohmann::json> SwapDesk::roll_back(Deployment& deployment, const std::string& name,
                                           const std::string& who) {
  CERTSPAN_TRY(const std::string plugin, swappable(deployment, name));
  if (const auto at = trial_of(plugin)) {
    end_badly(deployment, *at, "rolled back by " + who, {});
    return nlohmann::json{{"plugin", plugin}, {"rolled_back", true}};
  }
  const PluginRecord* record = book_.find(plugin);
  if (record == nullptr || !record->previous) {
    return fail(
        Outcome::Rejected, "swap.no_previous",
        "plugin \"" + plugin + "\" was not swapped, so that there is no version before to go back to");
  }
  const PluginVersion previous = *record->previous;
  CERTSPAN_CHECK(swap(deployment, {{plugin, previous.copy}}, {.who = who}));
  CERTSPAN_TRY(const std::size_t at, trial_of(plugin));
  CERTSPAN_CHECK(end_well(deployment, at, "rolled back by " + who));
  return nlohmann::json{{"plugin", plugin}, {"rolled_back", true}, {"to", previous.version}};
}

Result<nlohmann::json> SwapDesk::commit(Deployment& deployment, const std::string& name,
                                        const std::string& who) {
  CERTSPAN_TRY(const std::string plugin, swappable(deployment, name));
  CERTSPAN_TRY(const std::size_t at, trial_of(plugin));
  CERTSPAN_CHECK(end_well(deployment, at, "by " + who));
  return nlohmann::json{{"plugin", plugin}, {"committed", true}};
}

Result<nlohmann::json> SwapDesk::release(const std::string& sha256) {
  CERTSPAN_TRY(const bool released, book_.release(sha256, backends_.clock.wall_ms()));
  if (released) return nlohmann::json{{"released", sha256}};
  return fail(
      Outcome::Rejected, "swap.not_quarantined",
      "no file with SHA-256 \"" + sha256 + "\" is quarantined; `certspan plugin quarantine` lists them");
}

Result<std::size_t> SwapDesk::trial_of(const std::string& plugin) const {
  for (std::size_t at = 0; at < trials_.size(); ++at) {
    if (std::ranges::find(trials_[at]->plugins, plugin) != trials_[at]->plugins.end()) return at;
  }
  return fail(Outcome::Rejected, "swap.no_trial", "plugin \"" + plugin + "\" is not on probation");
}

}  // namespace certspan
