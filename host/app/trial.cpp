#include "host/app/trial.hpp"

#include <memory>
#include <string>

#include "host/app/listeners.hpp"
#include "host/app/trial_places.hpp"
#include "host/app/trial_services.hpp"
#include "host/base/text_file.hpp"
#include "host/config/secret_ref.hpp"
#include "host/control/peer.hpp"
#include "host/loading/connector.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

void try_connector(const CheckedConfig& checked, const PreparedConnector& prepared,
                   const ServiceBackends& backends, Faults& faults) {
  const HostServices services(prepared.name, backends);
  auto type = type_of(*checked.catalog, prepared);
  if (!type) return;  // so many that the host itself says it
  Connector connector(prepared.name, checked.catalog->plugin(prepared.plugin, prepared.isolation),
                      std::move(type));
  const auto report = connector.create(services.host(), prepared.settings);
  for (const auto& fault : report.faults) {
    if (prepared.required) {
      add_plugin_fault(prepared, fault.pointer, fault.message, faults);
    } else {
      faults.warning(FaultCode::Plugin, prepared.place_of(fault.pointer),
                     "connector \"" + prepared.name + "\" would be missing: " + fault.message);
    }
  }
}

void try_listener(const Listener& listener, Faults& faults) {
  const auto* files = std::get_if<TlsFiles>(&listener.tls);
  if (files == nullptr) return;
  const auto certificate = read_text_file(files->certificate_file);
  if (!certificate) faults.error(FaultCode::BadValue, files->certificate_mark, certificate.error().message);
  const auto key = read_secret(files->key);
  if (!key) faults.error(FaultCode::SecretUnreadable, files->key_mark, key.error().message);
  if (!certificate || !key) return;
  const auto tls = tls_of(listener, ConnectorSet(), 0);
  const auto fits = tls ? check_tls(listener.name.name, tls->material()) : tl::unexpected(tls.error());
  if (!fits) faults.error(FaultCode::BadValue, files->certificate_mark, fits.error().message);
}

/// A warning: accounts may come later, from a directory that is not up yet.
void look_for_accounts(const Roles& roles, Faults& faults) {
  for (const auto& [person, principals] : roles) {
    for (const Principal& principal : principals) {
      if (is_known(principal)) continue;
      faults.warning(FaultCode::UnknownName, principal.mark,
                     std::string("this machine knows no ") + (principal.group ? "group" : "user") + " \"" +
                         principal.name + "\": nobody has the role \"" + std::string(to_string(person)) +
                         "\" by that name",
                     "make the account, or correct its name");
    }
  }
}

}  // namespace

void try_out(const CheckedConfig& checked, Faults& faults) {
  const TrialServices services(checked.prepared);
  if (services.backends() == nullptr) return;
  for (const PreparedConnector& prepared : checked.prepared.connectors) {
    if (secrets_readable(prepared)) try_connector(checked, prepared, *services.backends(), faults);
  }
  for (const Listener& listener : checked.config.host.listeners) try_listener(listener, faults);
  try_places(checked.config.host, faults);
  look_for_accounts(checked.config.host.control.roles, faults);
}

}  // namespace certspan
