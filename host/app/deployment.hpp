#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/app/generation.hpp"
#include "host/app/plugin_catalog.hpp"
#include "host/config/check_types.hpp"
#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/pipeline/engine.hpp"
#include "host/rehearsal/cast.hpp"
#include "host/services/http/http_server.hpp"
#include "host/services/http_out/curl_client.hpp"

namespace certspan {

/// A configuration that has been checked with its plugins and stands ready to be started.
struct CheckedConfig {
  Config config;
  std::shared_ptr<const PluginCatalog> catalog;
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

/// The connectors of one version of a plugin: those that run, or those that are to take their place, or that
/// had it before.
struct Cohort {
  PluginPair plugin;
  std::vector<std::unique_ptr<Generation>> generations;

  void close_intake();
};

/// What one checked configuration made of itself: connectors with their services, secrets and routes. A
/// reload builds a second one beside the first; a swap exchanges the connectors of one plugin. For the main
/// thread, but for what says otherwise, and until it serves for the thread that builds it.
class Deployment {
 public:
  struct Backends {
    Log& log;
    const Clock& clock;
    Journal& journal;
    Engine& engine;
    HttpServer& http;
  };

  Deployment(CheckedConfig checked, Backends backends);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  /// Creates and starts every connector. A required one that can't start is an error; the faults say which
  /// and why.
  bool start(Faults& faults);
  /// Opens the intake of every source; on an error all are closed again. Work may come in as soon as the
  /// engine runs this deployment's `running`.
  bool open_intake(Faults& faults);
  void close_intake();
  /// Stops and destroys the connectors that nobody is inside of any more. Requires: the engine runs another
  /// configuration. False: at `deadline` somebody still was; to be called again.
  bool stop(std::chrono::steady_clock::time_point deadline);

  // Hot swap. A cohort is of a plugin that connectors here are of.

  /// What runs at this moment, for those who build beside it.
  struct Scene {
    std::shared_ptr<const PluginCatalog> catalog;
    std::shared_ptr<const RunningConfig> running;
  };
  Scene scene() const { return {checked_.catalog, running_}; }

  /// Makes and starts the connectors of another version of a plugin, beside those that run. Any thread, while
  /// nobody else changes the same plugin: other plugins may change meanwhile.
  std::optional<Cohort> raise(PluginPair plugin, const Scene& scene, Faults& faults);
  /// Opens the cohorts' intakes and holds them against what runs: the same roots, at least the same routes.
  /// On a fault their intakes are closed again. Any thread, as `raise`.
  bool make_ready(std::vector<Cohort>& cohorts, const Scene& scene, Faults& faults);
  /// Puts cohorts that are ready in the place of those that run, which they become: from one call to the next
  /// the engine calls the others. The intakes of what is out are still open.
  void exchange(std::vector<Cohort>& cohorts);
  /// Ends a cohort that is out as soon as nobody is inside of it; `end_leaving` does it, and tells after
  /// `patience` that somebody still is.
  void let_leave(Cohort cohort, std::chrono::milliseconds patience);
  /// Ends what nobody is inside of any more; false if some are left at `deadline`.
  bool end_leaving(std::chrono::steady_clock::time_point deadline);
  bool has_leaving() const { return !leaving_.empty(); }
  /// The connectors of the plugin that run.
  std::vector<Generation*> generations_of(std::string_view plugin) const;

  /// Null once `stop` was called.
  const std::shared_ptr<RunningConfig>& running() const { return running_; }
  const CheckedConfig& checked() const { return checked_; }
  /// Connectors that the host runs without, and why.
  const std::vector<std::pair<std::string, std::string>>& missing() const { return missing_; }

  /// Where `connector` takes requests.
  std::span<const HttpPlace> places_of(std::string_view connector) const;

 private:
  /// No generation: the report says why it can't be started.
  struct Started {
    std::unique_ptr<Generation> generation;
    CallReport report;
  };

  std::future<Started> begin_to_start(const PreparedConnector& prepared);
  Started start_one(const PreparedConnector& prepared, std::shared_ptr<const Plugin> plugin);
  void keep(const PreparedConnector& prepared, std::unique_ptr<Generation> generation);
  void go_without(const PreparedConnector& prepared, const CallReport& why);
  Generation::Backends for_generations();
  static std::shared_ptr<RunningConfig> with(const std::vector<Cohort>& cohorts,
                                             const RunningConfig& running);

  CheckedConfig checked_;
  Backends backends_;
  CurlClient http_out_;
  std::map<std::string, std::unique_ptr<Generation>, std::less<>> generations_;  // that run, by connector
  struct Leaving {
    std::unique_ptr<Generation> generation;
    std::chrono::steady_clock::time_point told_at;  ///< when it is told that somebody is still inside
  };
  std::vector<Leaving> leaving_;
  std::vector<std::shared_ptr<WorkerPool>> pools_;  // shared with what runs; their threads end here
  std::shared_ptr<RunningConfig> running_;  // shared with the engine and with calls in it; null in a stop
  std::vector<std::pair<std::string, std::string>> missing_;
};

}  // namespace certspan
