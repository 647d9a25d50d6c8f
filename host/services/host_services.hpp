#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/service_http_out.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/services.h>

#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/journal/journal.hpp"
#include "host/services/http_out/outgoing.hpp"
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
  Outgoing* http_out = nullptr;  ///< none while a connector is only tried out: nothing is sent
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
  /// The number of the next exchange over http_out, from 1. Thread-safe.
  std::uint64_t next_exchange() { return exchanges_.fetch_add(1) + 1; }

  /// From the `context` that a plugin hands back.
  static HostServices& of(void* context) { return *static_cast<HostServices*>(context); }

 private:
  std::string connector_;
  ServiceBackends backends_;
  certspan_host host_;
  std::atomic<std::uint64_t> exchanges_{0};
};

/// The tables, one file each.
extern const certspan_service_log kLogService;
extern const certspan_service_clock kClockService;
extern const certspan_service_secrets kSecretsService;
extern const certspan_service_store kStoreService;
extern const certspan_service_http_in kHttpInService;
extern const certspan_service_http_out kHttpOutService;
extern const certspan_service_submit kSubmitService;
extern const certspan_service_issuers kIssuersService;

}  // namespace certspan
