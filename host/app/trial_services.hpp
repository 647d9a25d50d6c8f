#pragma once

#include <memory>

#include "host/app/configured_secrets.hpp"
#include "host/services/host_services.hpp"

namespace certspan {

/// What connectors get that are made only to be looked at: the clock, their secrets and a log. Nothing is
/// served, stored or asked outside. `prepared` outlives it.
class TrialServices {
 public:
  explicit TrialServices(const PreparedConfig& prepared);

  /// Null if there is no log to be had.
  const ServiceBackends* backends() const { return log_ ? &backends_ : nullptr; }

 private:
  class NoRoutes final : public RouteTable {
   public:
    Outcome add(std::string_view /*connector*/, const certspan_http_route& /*route*/) override {
      return Outcome::Rejected;
    }
  };

  std::unique_ptr<Log> log_;
  SystemClock clock_;
  NoRoutes routes_;
  std::unique_ptr<ConfiguredSecrets> secrets_;
  ServiceBackends backends_;
};

/// Whether this user may read all that the connector's settings refer to.
bool secrets_readable(const PreparedConnector& connector);

}  // namespace certspan
