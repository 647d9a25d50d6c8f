#pragma once

#include <string>

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/services.h>

#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/journal/journal.hpp"
#include "host/services/interfaces.hpp"

namespace certspan {

/// What the services of all connectors stand on. Everything outlives the connectors.
struct ServiceBackends {
  Log* log = nullptr;
  const Clock* clock = nullptr;
  Journal* journal = nullptr;  ///< none while a connector is only tried out: the store is unavailable
  SecretVault* secrets = nullptr;
  RouteTable* routes = nullptr;
  Submitter* submitter = nullptr;
  IssuerDirectory* issuers = nullptr;
};

/// The host as one connector sees it: the `certspan_host` given to its `create`, whose services know which
/// connector asks. Lives from before `create` until after `destroy`; does not move.
class HostServices {
 public:
  HostServices(std::string connector, const ServiceBackends& backends);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  const certspan_host* host() const { return &host_; }
  const std::string& connector() const { return connector_; }
  const ServiceBackends& backends() const { return backends_; }

  /// From the `context` that a plugin hands back.
  static HostServices& of(void* context) { return *static_cast<HostServices*>(context); }

 private:
  std::string connector_;
  ServiceBackends backends_;
  certspan_host host_;
};

/// The tables, one file each.
extern const certspan_service_log kLogService;
extern const certspan_service_clock kClockService;
extern const certspan_service_secrets kSecretsService;
extern const certspan_service_store kStoreService;
extern const certspan_service_http_in kHttpInService;
extern const certspan_service_submit kSubmitService;
extern const certspan_service_issuers kIssuersService;

}  // namespace certspan
