#include "host/app/generation.hpp"

#include <algorithm>
#include <utility>

#include "host/loading/resting_image.hpp"
#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

ServiceBackends with_own(ServiceBackends backends, SecretVault& secrets, RouteTable& routes) {
  backends.secrets = &secrets;
  backends.routes = &routes;
  return backends;
}

PreparedConfig alone(PreparedConnector connector) {
  PreparedConfig config;
  config.connectors.push_back(std::move(connector));
  return config;
}

}  // namespace

void report_faults(const PreparedConnector& connector, const CallReport& report, Faults& faults) {
  for (const auto& fault : report.faults) add_plugin_fault(connector, fault.pointer, fault.message, faults);
}

/// What all who share the connector hold together.
struct Generation::Lease {
  Lease() = default;
  ~Lease() { left.set_value(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  std::promise<void> left;
};

Generation::Generation(PreparedConnector prepared, std::shared_ptr<const Plugin> plugin,
                       std::shared_ptr<const certspan_connector_type> type, const Backends& backends)
    : prepared_(alone(std::move(prepared))),
      backends_(backends),
      secrets_(prepared_, *backends.services.log),
      services_(prepared_.connectors.front().name, with_own(backends.services, secrets_, *this)),
      connector_(prepared_.connectors.front().name, std::move(plugin), std::move(type)) {}

Generation::~Generation() {
  if (left_.valid()) left_.wait();
}

CallReport Generation::start() {
  CallReport report = connector_.create(services_.host(), prepared().settings);
  if (report.ok()) report = connector_.start();
  return report;
}

std::shared_ptr<Connector> Generation::share() {
  auto lease = lease_.lock();
  if (!lease) {
    if (left_.valid()) left_.wait();  // the last of those who shared it is leaving just now
    lease = std::make_shared<Lease>();
    left_ = lease->left.get_future();
    lease_ = lease;
  }
  return {std::move(lease), &connector_};
}

bool Generation::end(std::chrono::steady_clock::time_point deadline) {
  if (!ending_.valid()) {
    connector_.close_intake();
    if (left_.valid() && left_.wait_until(deadline) != std::future_status::ready) return false;
    ending_ = std::async(std::launch::async, [this, deadline] {
      connector_.drain(deadline);
      connector_.stop();
      connector_.destroy();
      let_image_rest(&connector_.type());
    });
  }
  return ending_.wait_until(deadline) == std::future_status::ready;
}

bool Generation::covers(const Generation& before) const {
  return std::ranges::all_of(before.places_, [&](const HttpPlace& place) {
    return std::ranges::find(places_, place) != places_.end();
  });
}

Outcome Generation::add(std::string_view /*connector*/, const certspan_http_route& route) {
  const std::string_view listener = from_abi(route.listener);
  const std::string_view path = from_abi(route.path);
  const auto granted = [&](const RouteGrant& grant) {
    return grant.listener == listener && std::ranges::find(grant.paths, path) != grant.paths.end();
  };
  if (std::ranges::none_of(prepared().grants, granted)) return Outcome::Rejected;
  HttpRoute http_route;
  http_route.listener = listener;
  http_route.path = path;
  http_route.owner = name();
  if ((route.flags & CERTSPAN_ROUTE_LONG_REQUEST_LINE) != 0) http_route.flags |= kLongRequestLine;
  if ((route.flags & CERTSPAN_ROUTE_AUTHORIZATION) != 0) http_route.flags |= kTakesAuthorization;
  http_route.max_body = static_cast<std::size_t>(route.max_body);
  const auto added = backends_.http.add_route(
      http_route,
      [&engine = backends_.engine, name = name()](HttpRequest request, const HttpExchangePtr& exchange) {
        engine.take_request(name, std::move(request), exchange);
      });
  if (!added) return Outcome::Rejected;
  const HttpPlace place{http_route.listener, http_route.path};
  if (std::ranges::find(places_, place) == places_.end()) places_.push_back(place);
  return Outcome::Ok;
}

}  // namespace certspan
