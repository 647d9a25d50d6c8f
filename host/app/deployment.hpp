#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/app/configured_secrets.hpp"
#include "host/app/plugin_catalog.hpp"
#include "host/config/check_types.hpp"
#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/pipeline/engine.hpp"
#include "host/rehearsal/cast.hpp"
#include "host/services/host_services.hpp"
#include "host/services/http/http_server.hpp"
#include "host/services/http_out/curl_client.hpp"

namespace certspan {

/// A configuration that has been checked with its plugins and stands ready to be started.
struct CheckedConfig {
  Config config;
  std::unique_ptr<PluginCatalog> catalog;
  PreparedConfig prepared;
};

/// The type of a prepared connector, with what its worker may do. Requires: its plugin is in the catalog, as
/// check_against_types makes sure. Null: there are too many worker types.
std::shared_ptr<const certspan_connector_type> type_of(const PluginCatalog& catalog,
                                                       const PreparedConnector& connector);

/// Where the plugins of a configuration that has been read are copied to before they are loaded; an error is
/// a fault of `data_dir`.
using PluginCopies = std::function<Result<std::filesystem::path>(const Config&)>;

/// Reads `file`, loads its plugins and has every connector type look at its settings. All faults go to
/// `faults`; nullopt when there are errors. Starts nothing.
std::optional<CheckedConfig> check_config(const std::filesystem::path& file, const PluginCopies& copies,
                                          Faults& faults);

/// PluginCopies of a host: in its data_dir, which is made if it is missing.
Result<std::filesystem::path> copies_in_data_dir(const Config& config);

/// What the pipelines can see of the connectors' types.
Cast cast_of(const PreparedConfig& prepared, const PluginCatalog& catalog);

/// What one checked configuration made of itself: connectors with their services, secrets and routes. A
/// reload builds a second one beside the first. Control thread only, but for the services, which are
/// thread-safe.
class Deployment final : public RouteTable {
 public:
  struct Backends {
    Log& log;
    const Clock& clock;
    Journal& journal;
    Engine& engine;
    HttpServer& http;
  };

  Deployment(CheckedConfig checked, Backends backends);
  ~Deployment() override;

  /// Creates and starts every connector. A required one that can't start is an error; the faults say which
  /// and why.
  bool start(Faults& faults);
  /// Opens the intake of every source. Requires: the engine runs this deployment's `running`.
  bool open_intake(Faults& faults);
  void close_intake();
  /// Lets connectors finish, then stops and destroys them. Requires: the engine runs another configuration.
  /// False: at `deadline` a call was still inside one of them, and none was stopped; to be called again.
  bool stop(std::chrono::steady_clock::time_point deadline);

  /// Null once `stop` was called.
  const std::shared_ptr<RunningConfig>& running() const { return running_; }
  const CheckedConfig& checked() const { return checked_; }
  /// Connectors that the host runs without, and why.
  const std::vector<std::pair<std::string, std::string>>& missing() const { return missing_; }

  /// Where `connector` takes requests.
  std::span<const HttpPlace> places_of(const std::string& connector) const;

  Outcome add(std::string_view connector, const certspan_http_route& route) override;

 private:
  bool start_one(const PreparedConnector& prepared, Faults& faults);

  CheckedConfig checked_;
  Backends backends_;
  ConfiguredSecrets secrets_;
  CurlClient http_out_;
  ServiceBackends service_backends_;
  std::vector<std::unique_ptr<HostServices>> services_;
  std::shared_ptr<RunningConfig>
      running_;  // shared with the engine and with calls still in it; null in a stop
  std::future<void> no_call_inside_;
  std::vector<std::shared_ptr<Connector>> stopping_;
  std::map<std::string, std::vector<HttpPlace>, std::less<>> places_;  // by connector
  std::vector<std::pair<std::string, std::string>> missing_;
  bool stopped_ = false;
};

}  // namespace certspan
