#include "host/app/deployment.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "host/app/ca_group.hpp"
#include "host/app/connector_probe.hpp"
#include "host/app/journal_access.hpp"
#include "host/config/load_config.hpp"
#include "host/journal/data_directory.hpp"
#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

/// Calls that wait in a connector's queue beyond those inside it; items themselves are bounded by the engine.
constexpr std::size_t kOwnQueue = 4096;

constexpr const char* kTooMany =
    "there are too many connectors in worker processes, those of the configuration before included; let some "
    "run in the host, or restart it instead of reloading";

void report_broken(const PreparedConnector& connector, const std::string& why, Faults& faults) {
  const std::string what =
      "connector \"" + connector.name + "\" of plugin \"" + connector.plugin + "\" can't run: " + why;
  if (connector.required) {
    faults.error(FaultCode::Plugin, connector.place_of(""), what);
  } else {
    faults.warning(FaultCode::Plugin, connector.place_of(""),
                   what + "; the host runs without this connector");
  }
}

/// What came of looking at a connector: what is wrong with its settings, or why it can't run at all.
struct Looked {
  CallReport report;
  std::string broken;
};

Looked look_in_host(const PreparedConnector& connector, const PluginCatalog& catalog) {
  if (auto tried = probe_connector(connector, *catalog.plugin(connector.plugin)); !tried) {
    return {{}, std::move(tried.error().message)};
  }
  return {validate_settings(*type_of(catalog, connector), connector.settings), {}};
}

Looked look_in_worker(const certspan_connector_type* type, const PreparedConnector& connector) {
  if (type == nullptr) return {{}, kTooMany};
  Looked looked{validate_settings(*type, connector.settings), {}};
  const Outcome outcome = looked.report.outcome;
  if (outcome == Outcome::Unknown || outcome == Outcome::Unavailable) looked.broken = looked.report.text();
  return looked;
}

/// Each with a worker of its own to ask, which takes the time of a process to start: they are asked beside
/// each other.
std::future<Looked> start_to_look(const PreparedConnector& connector, const PluginCatalog& catalog) {
  if (connector.isolation == Isolation::InProcess) {
    return std::async(std::launch::deferred, [&] { return look_in_host(connector, catalog); });
  }
  return std::async(std::launch::async, [&connector, type = type_of(catalog, connector)] {
    return look_in_worker(type.get(), connector);
  });
}

/// Connectors that would crash, hang or end this process, or their worker when it is asked about its
/// settings, are left out: an error, or a warning when the file says `required: false`. What is wrong with
/// the settings of others is told.
void look_at_connectors(PreparedConfig& prepared, const PluginCatalog& catalog, Faults& faults) {
  std::vector<std::future<Looked>> looks;
  looks.reserve(prepared.connectors.size());
  for (const PreparedConnector& connector : prepared.connectors) {
    looks.push_back(start_to_look(connector, catalog));
  }
  std::vector<PreparedConnector> sound;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    PreparedConnector& connector = prepared.connectors[i];
    const Looked looked = looks[i].get();
    if (!looked.broken.empty()) {
      report_broken(connector, looked.broken, faults);
      continue;
    }
    if (!looked.report.ok()) report_faults(connector, looked.report, faults);
    sound.push_back(std::move(connector));
  }
  prepared.connectors = std::move(sound);
}

}  // namespace

std::shared_ptr<const certspan_connector_type> type_of(const PluginCatalog& catalog,
                                                       const PreparedConnector& connector) {
  const auto plugin = catalog.plugin(connector.plugin, connector.isolation);
  return plugin->type_for(connector.type, {connector.files, connector.network});
}

std::optional<CheckedConfig> check_config(const std::filesystem::path& file, const PluginCopies& copies,
                                          Faults& faults) {
  auto config = load_config(file, faults);
  if (!config) return std::nullopt;
  auto private_dir = copies(*config);
  auto loaded =
      private_dir ? PluginCatalog::load(*config, *private_dir, faults) : tl::unexpected(private_dir.error());
  if (!loaded) {
    faults.error(FaultCode::DataDir, config->host.data_dir_mark,
                 loaded.error().message + " (" + loaded.error().code + ")");
    return std::nullopt;
  }
  std::unique_ptr<PluginCatalog> catalog = std::move(*loaded);
  PreparedConfig prepared = check_against_types(*config, *catalog, faults);
  check_scripts(*config, cast_of(prepared, *catalog), faults);
  check_secrets_readable(prepared, faults);
  check_configured_keys(config->host, faults);
  look_at_connectors(prepared, *catalog, faults);
  if (faults.has_errors()) return std::nullopt;
  return CheckedConfig{std::move(*config), std::move(catalog), std::move(prepared)};
}

Cast cast_of(const PreparedConfig& prepared, const PluginCatalog& catalog) {
  Cast cast;
  for (const PreparedConnector& connector : prepared.connectors) {
    const auto plugin = catalog.plugin(connector.plugin, connector.isolation);
    cast[connector.name] = player_of(*plugin->find_type(connector.type), connector.concurrency);
  }
  return cast;
}

Result<std::filesystem::path> copies_in_data_dir(const Config& config) {
  CERTSPAN_CHECK(prepare_data_directory(config.host.data_dir));
  return plugin_copies(config);
}

Deployment::Deployment(CheckedConfig checked, Backends backends)
    : checked_(std::move(checked)),
      backends_(backends),
      http_out_({checked_.config.host.http_out.proxy, checked_.config.host.http_out.no_proxy,
                 checked_.config.host.http_out.connect_timeout}),
      running_(std::make_shared<RunningConfig>()) {
  running_->graph = graph_of(checked_.config);
  running_->revocation_guard = {.orders = checked_.config.host.revocation_guard.orders,
                                .percent = checked_.config.host.revocation_guard.percent};
}

Deployment::~Deployment() {
  stop(std::chrono::steady_clock::now());
}

Generation::Backends Deployment::for_generations() {
  return {{.log = &backends_.log,
           .clock = &backends_.clock,
           .journal = &backends_.journal,
           .submitter = &backends_.engine.submitter(),
           .issuers = &backends_.engine,
           .http_out = &http_out_},
          backends_.engine,
          backends_.http};
}

bool Deployment::start(Faults& faults) {
  std::vector<std::future<Started>> starting;
  for (const PreparedConnector& prepared : checked_.prepared.connectors) {
    starting.push_back(begin_to_start(prepared));
  }
  bool all = true;
  for (std::size_t i = 0; i < starting.size(); ++i) {
    const PreparedConnector& prepared = checked_.prepared.connectors[i];
    Started started = starting[i].get();
    if (started.generation) {
      keep(prepared, std::move(started.generation));
    } else if (prepared.required) {
      report_faults(prepared, started.report, faults);
      all = false;
    } else {
      go_without(prepared, started.report);
    }
  }
  check_ca_groups(checked_.config, *running_, faults);
  return all && !faults.has_errors();
}

/// Workers start beside each other; what runs in the host is made by whoever waits, one after the other.
std::future<Deployment::Started> Deployment::begin_to_start(const PreparedConnector& prepared) {
  const bool in_worker = prepared.isolation == Isolation::Process;
  return std::async(in_worker ? std::launch::async : std::launch::deferred, [this, &prepared] {
    return start_one(prepared, checked_.catalog->plugin(prepared.plugin, prepared.isolation));
  });
}

Deployment::Started Deployment::start_one(const PreparedConnector& prepared,
                                          std::shared_ptr<const Plugin> plugin) {
  auto type = plugin->type_for(prepared.type, {prepared.files, prepared.network});
  if (!type) return {nullptr, refused(Outcome::Unavailable, kTooMany)};
  auto generation =
      std::make_unique<Generation>(prepared, std::move(plugin), std::move(type), for_generations());
  CallReport report = generation->start();
  if (!report.ok()) generation.reset();
  return {std::move(generation), std::move(report)};
}

void Deployment::keep(const PreparedConnector& prepared, std::unique_ptr<Generation> generation) {
  std::shared_ptr<WorkerPool> pool;
  if (generation->connector().runs_waits()) {
    pool = std::make_shared<WorkerPool>(prepared.name, prepared.concurrency, kOwnQueue);
    pools_.push_back(pool);
  }
  running_->connectors.put({generation->share(), std::move(pool)});
  generations_.emplace(prepared.name, std::move(generation));
}

void Deployment::go_without(const PreparedConnector& prepared, const CallReport& why) {
  Faults faults(checked_.config.file.string());
  report_faults(prepared, why, faults);
  backends_.log.write(LogLevel::Error, "running without connector",
                      {{"connector", prepared.name}, {"reason", faults.to_line()}});
  missing_.emplace_back(prepared.name, faults.to_line());
}

bool Deployment::open_intake(Faults& faults) {
  bool opened = true;
  for (const auto& [name, generation] : generations_) {
    const auto report = generation->open_intake();
    if (report.ok()) continue;
    report_faults(generation->prepared(), report, faults);
    opened = false;
  }
  if (!opened) close_intake();
  return opened;
}

void Deployment::close_intake() {
  for (const auto& [name, generation] : generations_) generation->close_intake();
}

bool Deployment::stop(std::chrono::steady_clock::time_point deadline) {
  running_.reset();
  for (const auto& pool : pools_) pool->close();
  for (auto& [name, generation] : generations_) {
    generation->close_intake();
    leaving_.push_back({std::move(generation), std::chrono::steady_clock::time_point::max()});
  }
  generations_.clear();
  if (!end_leaving(deadline)) return false;
  for (const auto& pool : pools_) pool->stop();
  return true;
}

bool Deployment::end_leaving(std::chrono::steady_clock::time_point deadline) {
  std::erase_if(leaving_, [&](const Leaving& leaving) { return leaving.generation->end(deadline); });
  for (Leaving& leaving : leaving_) {
    if (backends_.clock.now() < leaving.told_at) continue;
    leaving.told_at = std::chrono::steady_clock::time_point::max();
    const Connector& connector = leaving.generation->connector();
    backends_.log.write(LogLevel::Warn,
                        "a call is still inside a version that was replaced; it stays until the call ends",
                        {{"connector", connector.name()}, {"version", connector.plugin().version()}});
  }
  return leaving_.empty();
}

std::span<const HttpPlace> Deployment::places_of(std::string_view connector) const {
  const auto found = generations_.find(connector);
  if (found == generations_.end()) return {};
  return found->second->places();
}

}  // namespace certspan
