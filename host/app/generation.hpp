#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "host/app/configured_secrets.hpp"
#include "host/config/check_types.hpp"
#include "host/loading/connector.hpp"
#include "host/pipeline/engine.hpp"
#include "host/services/host_services.hpp"
#include "host/services/http/http_server.hpp"

namespace certspan {

/// Tells what a plugin found wrong, at the places of the file that it means.
void report_faults(const PreparedConnector& connector, const CallReport& report, Faults& faults);

/// One loaded version of a connector with what it was given: its services, its secrets, its routes. A swap or
/// a reload makes the next generation beside it; calls and waiting clients that came to this one stay with
/// it, and it is ended when the last of them has left.
///
/// Used by one thread at a time, but for its services and for what it shares, which are thread-safe.
class Generation final : public RouteTable {
 public:
  struct Backends {
    ServiceBackends services;  ///< but for secrets and routes, which are the generation's own
    Engine& engine;
    HttpServer& http;
  };

  Generation(PreparedConnector prepared, std::shared_ptr<const Plugin> plugin,
             std::shared_ptr<const certspan_connector_type> type, const Backends& backends);
  ~Generation() override;
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const std::string& name() const { return connector_.name(); }
  const PreparedConnector& prepared() const { return prepared_.connectors.front(); }
  Connector& connector() { return connector_; }
  const Connector& connector() const { return connector_; }

  /// Creates and starts the connector: from then on it can be called.
  CallReport start();
  /// Registers its routes; they lead to whichever generation runs.
  CallReport open_intake() { return connector_.open_intake(); }
  void close_intake() { connector_.close_intake(); }

  /// The connector for those who call it; it is not ended while one of these is left.
  std::shared_ptr<Connector> share();
  /// Ends the connector if nobody shares it any more by `deadline`, on a thread of its own, for its plugin
  /// may not come back; false if that has not come to its end by `deadline`. Nobody is to be given it from
  /// here on. Legal any number of times.
  bool end(std::chrono::steady_clock::time_point deadline);

  /// Where it takes requests.
  std::span<const HttpPlace> places() const { return places_; }
  /// Whether it takes all the requests that `before` takes.
  bool covers(const Generation& before) const;

  Outcome add(std::string_view connector, const certspan_http_route& route) override;

 private:
  struct Lease;

  PreparedConfig prepared_;  // of this connector alone
  Backends backends_;
  ConfiguredSecrets secrets_;
  HostServices services_;
  Connector connector_;
  std::weak_ptr<Lease> lease_;
  std::future<void> left_;  // of the lease
  std::vector<HttpPlace> places_;
  std::future<void> ending_;  // last: what ends uses the rest
};

}  // namespace certspan
