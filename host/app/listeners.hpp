#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/config/config.hpp"
#include "host/pipeline/connector_set.hpp"
#include "host/services/http/http_server.hpp"

namespace certspan {

/// A listener's certificate chain and key as PEM, read from files or made by one of the issuers. Empty for
/// plain HTTP.
struct ListenerTls {
  std::string certificate_chain;
  Secret key;
  std::optional<WallMs> renew_at;  ///< of a certificate that an issuer made: when a third of its life is left

  TlsMaterial material() const { return {certificate_chain, as_text(key.reveal())}; }
};

/// Gets what a listener of the configuration needs for TLS. `connectors` are started: an embedded CA is asked
/// through its action `certify_tls`. Errors: listener.certificate (file), the secret.* codes,
/// listener.issuer.
Result<ListenerTls> tls_of(const Listener& listener, const ConnectorSet& connectors, WallMs now);

/// When the first of the certificates that issuers made has to be renewed; nullopt if there is none.
using RenewAt = std::optional<WallMs>;

/// Binds every listener of the configuration.
Result<RenewAt> add_listeners(HttpServer& http, const Config& config, const ConnectorSet& connectors,
                              WallMs now);
/// Certificates and keys for listeners that run, looked at and not yet put in.
struct FreshCertificates {
  std::vector<std::pair<std::string, ListenerTls>> by_listener;
  RenewAt renew_at;
};
/// Reads certificates and keys again and has issuers make new ones. Changes nothing that is served. Errors:
/// those of tls_of and check_tls.
Result<FreshCertificates> certificates_of(const Config& config, const ConnectorSet& connectors, WallMs now);
/// The same, for certificates that issuers make alone.
Result<FreshCertificates> renewed_certificates(const Config& config, const ConnectorSet& connectors,
                                               WallMs now);
/// From now on new connections use them.
Result<RenewAt> put_in(HttpServer& http, const FreshCertificates& fresh);
/// Whether both serve the same addresses under the same names in the same way, so that a reload can keep the
/// sockets.
bool same_addresses(const std::vector<Listener>& a, const std::vector<Listener>& b);

}  // namespace certspan
