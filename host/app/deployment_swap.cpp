// How the connectors of one plugin change places with those of another version of it.

#include <utility>

#include "host/app/ca_group.hpp"
#include "host/app/connector_probe.hpp"
#include "host/app/deployment.hpp"

namespace certspan {
namespace {

/// Whether the plugin can be made with the settings, tried in a child process if it is to run in this one.
bool settings_suit(const PreparedConnector& connector, const PluginPair& plugin, Faults& faults) {
  if (connector.isolation == Isolation::Process) return true;
  const auto tried = probe_connector(connector, *plugin.in_host);
  if (!tried) add_plugin_fault(connector, "", tried.error().message, faults);
  const auto* type = plugin.in_host->find_type(connector.type);
  if (tried && type != nullptr)
    report_faults(connector, validate_settings(*type, connector.settings), faults);
  return !faults.has_errors();
}

}  // namespace

void Cohort::close_intake() {
  for (const auto& generation : generations) generation->close_intake();
}

std::optional<Cohort> Deployment::raise(PluginPair plugin, const Scene& scene, Faults& faults) {
  const std::string id(plugin.any()->id());
  const auto catalog = scene.catalog->with(plugin);
  const PreparedConfig prepared = check_against_types(checked_.config, *catalog, faults);
  if (faults.has_errors()) return std::nullopt;
  Cohort cohort;
  cohort.plugin = std::move(plugin);
  for (const PreparedConnector& connector : prepared.connectors) {
    if (connector.plugin != id || !generations_.contains(connector.name)) continue;
    if (!settings_suit(connector, cohort.plugin, faults)) return std::nullopt;
    Started started = start_one(connector, cohort.plugin.of(connector.isolation));
    if (!started.generation) {
      report_faults(connector, started.report, faults);
      return std::nullopt;
    }
    cohort.generations.push_back(std::move(started.generation));
  }
  return cohort;
}

/// What runs, with the cohorts in it.
std::shared_ptr<RunningConfig> Deployment::with(const std::vector<Cohort>& cohorts,
                                                const RunningConfig& running) {
  auto next = std::make_shared<RunningConfig>();
  next->graph = running.graph;
  next->connectors = running.connectors;
  for (const Cohort& cohort : cohorts) {
    for (const auto& generation : cohort.generations) {
      const auto& pool = running.connectors.all().at(generation->name()).own_pool;
      next->connectors.put({generation->share(), pool});
    }
  }
  return next;
}

bool Deployment::make_ready(std::vector<Cohort>& cohorts, const Scene& scene, Faults& faults) {
  for (const Cohort& cohort : cohorts) {
    for (const auto& generation : cohort.generations) {
      const auto report = generation->open_intake();
      if (!report.ok()) {
        report_faults(generation->prepared(), report, faults);
      } else if (!generation->covers(*generations_.at(generation->name()))) {
        add_plugin_fault(
            generation->prepared(), "",
            "this version does not take all the requests that the one before takes: devices that "
            "ask there would find nothing",
            faults);
      }
    }
  }
  if (!faults.has_errors()) check_ca_groups(checked_.config, *with(cohorts, *scene.running), faults);
  if (!faults.has_errors()) return true;
  for (Cohort& cohort : cohorts) cohort.close_intake();
  return false;
}

void Deployment::exchange(std::vector<Cohort>& cohorts) {
  running_ = with(cohorts, *running_);
  backends_.engine.replace(running_);
  for (Cohort& cohort : cohorts) {
    for (auto& generation : cohort.generations) {
      const std::string name = generation->name();
      backends_.engine.forget_health(name);
      std::swap(generation, generations_.at(name));
      for (PreparedConnector& prepared : checked_.prepared.connectors) {
        if (prepared.name == name) prepared = generations_.at(name)->prepared();
      }
    }
    PluginPair out = checked_.catalog->pair(cohort.plugin.any()->id());
    checked_.catalog = checked_.catalog->with(cohort.plugin);
    cohort.plugin = std::move(out);
  }
}

void Deployment::let_leave(Cohort cohort, std::chrono::milliseconds patience) {
  cohort.close_intake();
  for (auto& generation : cohort.generations)
    leaving_.push_back({std::move(generation), backends_.clock.now() + patience});
}

std::vector<Generation*> Deployment::generations_of(std::string_view plugin) const {
  std::vector<Generation*> found;
  for (const auto& [name, generation] : generations_) {
    if (generation->prepared().plugin == plugin) found.push_back(generation.get());
  }
  return found;
}

}  // namespace certspan
