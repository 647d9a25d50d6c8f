#include "host/app/swap_desk.hpp"

#include <algorithm>
#include <cctype>
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
  CERTSPAN_TRY(const Plan beside, backends_.main.have_done([&] { return plan(deployment, orders); }));
  std::vector<Candidate> candidates;
  for (std::size_t at = 0; at < orders.size(); ++at) {
    CERTSPAN_TRY(Candidate candidate, verify(deployment.checked().config, orders[at], beside, at));
    candidates.push_back(std::move(candidate));
  }
  CERTSPAN_CHECK(backends_.main.have_done([&] { return write_down(candidates); }));
  if (auto taken = take_over(deployment, candidates, terms); !taken) {
    static_cast<void>(backends_.main.have_done([&] { return give_up(candidates); }));
    return tl::unexpected(taken.error());
  }
  return backends_.main.have_done([&] {
    return Result<nlohmann::json>(nlohmann::json{{"swaps", trials_to_json(deployment)}});
  });
}

/// What can be told without a look at the files.
Result<SwapDesk::Plan> SwapDesk::plan(const Deployment& deployment,
                                      const std::vector<SwapOrder>& orders) const {
  Plan plan{{}, {}, book_};
  for (const SwapOrder& order : orders) {
    CERTSPAN_TRY(const std::string plugin, swappable(deployment, order.name));
    if (trial_of(plugin)) {
      return fail(Outcome::Rejected, "swap.on_trial",
                  trials_text() + "; `certspan plugin commit` or `rollback` ends that before its time");
    }
    if (std::ranges::count(plan.plugins, plugin) > 0) {
      return fail(Outcome::Rejected, "swap.twice",
                  "plugin \"" + plugin + "\" is named twice, the second time as \"" + order.name +
                      "\": name each plugin once");
    }
    plan.now.push_back(deployment.checked().catalog->pair(plugin));
    plan.plugins.push_back(plugin);
  }
  return plan;
}

/// Everything that can be told before anything changes.
Result<SwapDesk::Candidate> SwapDesk::verify(const Config& config, const SwapOrder& order, const Plan& plan,
                                             std::size_t at) const {
  Candidate candidate;
  candidate.plugin = plan.plugins[at];
  Faults faults(backends_.config_file);
  PluginSearch search = search_of(config, plugin_copies(config), &plan.book, faults);
  if (faults.has_errors()) return fail(Outcome::Invalid, "swap.refused", faults.to_line());
  const PluginPair& now = plan.now[at];
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
  candidate.directory_sha256 = sha256_in_directory(candidate.plugin, config);
  backends_.progress.add(fmt::format("verified {} {} ({}, SHA-256 {}...) and loaded it beside {} in a child",
                                     candidate.plugin, candidate.after.version, to_string(next.trust()),
                                     candidate.after.sha256.substr(0, 12), candidate.before.version));
  return candidate;
}

Result<void> SwapDesk::write_down(const std::vector<Candidate>& candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& each = candidates[i];
    const SwapTrial trial{each.before, each.after, backends_.clock.wall_ms(), false};
    auto begun = in_book([&] { return book_.begin_trial(each.plugin, trial, each.directory_sha256); });
    if (begun) continue;
    for (std::size_t undone = 0; undone < i; ++undone) {
      static_cast<void>(in_book([&] { return book_.drop_trial(candidates[undone].plugin); }));
    }
    return begun;
  }
  CERTSPAN_FAILPOINT("swap.written_down");
  backends_.progress.add("wrote down what runs now: a host that dies from here on starts with it");
  return {};
}

/// Nobody waits for the new connectors, should they not come back, but who asked for them.
Result<void> SwapDesk::take_over(Deployment& deployment, std::vector<Candidate>& candidates,
                                 const SwapTerms& terms) {
  using Scene = Deployment::Scene;
  CERTSPAN_TRY(const Scene scene,
               backends_.main.have_done([&] { return Result<Scene>(deployment.scene()); }));
  Faults faults(backends_.config_file);
  auto trial = std::make_unique<Trial>();
  for (Candidate& candidate : candidates) {
    auto cohort = deployment.raise(std::move(candidate.next), scene, faults);
    if (!cohort) return fail(Outcome::Rejected, "swap.refused", faults.to_line());
    trial->plugins.push_back(candidate.plugin);
    trial->before.push_back(std::move(*cohort));
  }
  if (!deployment.make_ready(trial->before, scene, faults)) {
    return fail(Outcome::Rejected, "swap.refused", faults.to_line());
  }
  backends_.progress.add("started the new connectors beside the old ones");
  CERTSPAN_FAILPOINT("swap.ready");
  trial->terms = terms;
  return backends_.main.have_done([&] { return publish(deployment, std::move(trial), candidates); });
}

Result<void> SwapDesk::publish(Deployment& deployment, std::unique_ptr<Trial> trial,
                               const std::vector<Candidate>& candidates) {
  const SwapTerms terms = trial->terms;
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
    tell_unwritten(in_book([&] { return book_.remember(candidate.plugin, event); }), candidate.plugin);
    log(LogLevel::Info, "plugin swapped, on probation", candidate.plugin, event);
    backends_.progress.add(fmt::format("{} {} serves in the place of {}, on probation for {}",
                                       candidate.plugin, candidate.after.version, candidate.before.version,
                                       format_duration(terms.probation)));
  }
  return {};
}

Result<void> SwapDesk::give_up(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    const auto dropped = in_book([&] { return book_.drop_trial(candidate.plugin); });
    if (!dropped) backends_.progress.add(dropped.error().message);
  }
  return {};
}

Result<nlohmann::json> SwapDesk::take_back(Deployment& deployment, const std::string& name,
                                           const std::string& who) {
  CERTSPAN_TRY(const std::string plugin, swappable(deployment, name));
  const auto at = trial_of(plugin);
  if (!at) return nlohmann::json();
  CERTSPAN_CHECK(end_badly(deployment, *at, "rolled back by " + who, {}));
  return nlohmann::json{{"plugin", plugin}, {"rolled_back", true}};
}

Result<nlohmann::json> SwapDesk::go_back(Deployment& deployment, const std::string& name,
                                         const std::string& who) {
  const auto find_previous = [&]() -> Result<std::pair<std::string, PluginVersion>> {
    CERTSPAN_TRY(const std::string plugin, swappable(deployment, name));
    const PluginRecord* record = book_.find(plugin);
    if (record != nullptr && record->previous) return std::pair{plugin, *record->previous};
    return fail(
        Outcome::Rejected, "swap.no_previous",
        "plugin \"" + plugin + "\" was not swapped, so that there is no version before to go back to");
  };
  CERTSPAN_TRY(const auto before, backends_.main.have_done(find_previous));
  const auto& [plugin, previous] = before;
  CERTSPAN_CHECK(swap(deployment, {{plugin, previous.copy}}, {.who = who}));
  CERTSPAN_CHECK(backends_.main.have_done([&]() -> Result<void> {
    CERTSPAN_TRY(const std::size_t at, trial_of(before.first));
    return end_well(deployment, at, "rolled back by " + who);
  }));
  return nlohmann::json{{"plugin", plugin}, {"rolled_back", true}, {"to", previous.version}};
}

Result<nlohmann::json> SwapDesk::commit(Deployment& deployment, const std::string& name,
                                        const std::string& who) {
  CERTSPAN_TRY(const std::string plugin, swappable(deployment, name));
  CERTSPAN_TRY(const std::size_t at, trial_of(plugin));
  CERTSPAN_CHECK(end_well(deployment, at, "by " + who));
  return nlohmann::json{{"plugin", plugin}, {"committed", true}};
}

Result<nlohmann::json> SwapDesk::release(const std::string& as_typed) {
  std::string sha256 = as_typed;
  std::ranges::transform(sha256, sha256.begin(), [](unsigned char c) { return std::tolower(c); });
  CERTSPAN_TRY(const bool released,
               in_book([&] { return book_.release(sha256, backends_.clock.wall_ms()); }));
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
