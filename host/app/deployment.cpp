#include "host/app/deployment.hpp"

#include <algorithm>
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

void report_faults(const PreparedConnector& connector, const CallReport& report, Faults& faults) {
  for (const auto& fault : report.faults) add_plugin_fault(connector, fault.pointer, fault.message, faults);
}

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

/// Connectors that would crash, hang or end this process, or their worker when it is asked about its
/// settings, are left out: an error, or a warning when the file says `required: false`. What is wrong with
/// the settings of others is told.
void look_at_connectors(PreparedConfig& prepared, const PluginCatalog& catalog, Faults& faults) {
  std::erase_if(prepared.connectors, [&](const PreparedConnector& connector) {
    const bool in_worker = connector.isolation == Isolation::Process;
    if (!in_worker) {
      const auto tried = probe_connector(connector, *catalog.plugin(connector.plugin));
      if (!tried) return report_broken(connector, tried.error().message, faults), true;
    }
    const auto type = type_of(catalog, connector);
    if (!type) return report_broken(connector, kTooMany, faults), true;
    const auto report = validate_settings(*type, connector.settings);
    if (in_worker && (report.outcome == Outcome::Unknown || report.outcome == Outcome::Unavailable)) {
      return report_broken(connector, report.text(), faults), true;
    }
    if (!report.ok()) report_faults(connector, report, faults);
    return false;
  });
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
      secrets_(checked_.prepared, backends.log),
      http_out_({checked_.config.host.http_out.proxy, checked_.config.host.http_out.no_proxy,
                 checked_.config.host.http_out.connect_timeout}),
      running_(std::make_shared<RunningConfig>()),
      no_call_inside_(running_->gone.get_future()) {
  service_backends_ = {.log = &backends.log,
                       .clock = &backends.clock,
                       .journal = &backends.journal,
                       .secrets = &secrets_,
                       .routes = this,
                       .submitter = &backends.engine.submitter(),
                       .issuers = &backends.engine,
                       .http_out = &http_out_};
  running_->graph = graph_of(checked_.config);
}

Deployment::~Deployment() {
  stop(std::chrono::steady_clock::now());
}

bool Deployment::start(Faults& faults) {
  bool started = true;
  for (const PreparedConnector& prepared : checked_.prepared.connectors) {
    Faults own(faults.file());
    if (start_one(prepared, prepared.required ? faults : own)) continue;
    if (prepared.required) {
      started = false;
    } else {
      backends_.log.write(LogLevel::Error, "running without connector",
                          {{"connector", prepared.name}, {"reason", own.to_line()}});
      missing_.emplace_back(prepared.name, own.to_line());
    }
  }
  check_ca_groups(checked_.config, *running_, faults);
  return started && !faults.has_errors();
}

bool Deployment::start_one(const PreparedConnector& prepared, Faults& faults) {
  auto plugin = checked_.catalog->plugin(prepared.plugin, prepared.isolation);
  auto type = type_of(*checked_.catalog, prepared);
  if (!type) {
    add_plugin_fault(prepared, "", kTooMany, faults);
    return false;
  }
  auto connector = std::make_shared<Connector>(prepared.name, plugin, std::move(type));
  auto services = std::make_unique<HostServices>(prepared.name, service_backends_);
  auto report = connector->create(services->host(), prepared.settings);
  if (report.ok()) report = connector->start();
  if (!report.ok()) {
    report_faults(prepared, report, faults);
    return false;
  }
  Station station;
  if (connector->runs_waits()) {
    station.own_pool = std::make_unique<WorkerPool>(prepared.name, prepared.concurrency, kOwnQueue);
  }
  station.connector = std::move(connector);
  running_->connectors.add(std::move(station));
  services_.push_back(std::move(services));
  return true;
}

bool Deployment::open_intake(Faults& faults) {
  bool opened = true;
  for (const auto& [name, station] : running_->connectors.all()) {
    const auto report = station.connector->open_intake();
    if (report.ok()) continue;
    report_faults(*checked_.prepared.connector(name), report, faults);
    opened = false;
  }
  return opened;
}

void Deployment::close_intake() {
  for (const auto& [name, station] : running_->connectors.all()) station.connector->close_intake();
}

bool Deployment::stop(std::chrono::steady_clock::time_point deadline) {
  if (stopped_) return true;
  if (running_) {
    close_intake();
    for (const auto& [name, station] : running_->connectors.all()) station.connector->drain(deadline);
    running_->connectors.stop_pools();
    for (const auto& [name, station] : running_->connectors.all()) stopping_.push_back(station.connector);
    running_.reset();
  }
  if (no_call_inside_.wait_until(deadline) != std::future_status::ready) return false;
  for (const auto& connector : stopping_) {
    connector->stop();
    connector->destroy();
  }
  stopped_ = true;
  return true;
}

std::span<const HttpPlace> Deployment::places_of(const std::string& connector) const {
  const auto found = places_.find(connector);
  if (found == places_.end()) return {};
  return found->second;
}

Outcome Deployment::add(std::string_view connector, const certspan_http_route& route) {
  const PreparedConnector* prepared = checked_.prepared.connector(connector);
  const std::string_view listener = from_abi(route.listener);
  const std::string_view path = from_abi(route.path);
  if (prepared == nullptr) return Outcome::Rejected;
  for (const RouteGrant& grant : prepared->grants) {
    if (grant.listener != listener || std::ranges::find(grant.paths, path) == grant.paths.end()) continue;
    HttpRoute http_route;
    http_route.listener = listener;
    http_route.path = path;
    http_route.owner = connector;
    if ((route.flags & CERTSPAN_ROUTE_LONG_REQUEST_LINE) != 0) http_route.flags = kLongRequestLine;
    http_route.max_body = static_cast<std::size_t>(route.max_body);
    const auto added =
        backends_.http.add_route(http_route, [&engine = backends_.engine, name = std::string(connector)](
                                                 HttpRequest request, const HttpExchangePtr& exchange) {
          engine.take_request(name, std::move(request), exchange);
        });
    if (!added) return Outcome::Rejected;
    places_[std::string(connector)].push_back({http_route.listener, http_route.path});
    return Outcome::Ok;
  }
  return Outcome::Rejected;
}

}  // namespace certspan
