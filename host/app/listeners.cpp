#include "host/app/listeners.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "host/base/text_file.hpp"
#include "host/base/wall_text.hpp"

namespace certspan {
namespace {

Result<ListenerTls> from_files(const Listener& listener, const TlsFiles& files) {
  ListenerTls tls;
  auto certificate = read_text_file(files.certificate_file);
  if (!certificate) {
    return fail(Outcome::Invalid, "listener.certificate",
                "listener \"" + listener.name.name + "\": " + certificate.error().message);
  }
  tls.certificate_chain = std::move(*certificate);
  CERTSPAN_TRY(tls.key, read_secret(files.key));
  return tls;
}

/// A third of its life is left for whatever keeps the issuer from making the next one.
RenewAt renewal_of(const nlohmann::json& made, WallMs now) {
  const auto end = read_wall_text(made.value("not_after", std::string()));
  if (!end) return std::nullopt;
  return *end - (*end - now) / 3;
}

RenewAt earlier(RenewAt a, RenewAt b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

Result<ListenerTls> from_issuer(const Listener& listener, const TlsFromIssuer& wanted,
                                const ConnectorSet& connectors, WallMs now) {
  Connector* issuer = connectors.find(wanted.issuer.name);
  if (issuer == nullptr) {
    return fail(
        Outcome::Unavailable, "listener.issuer",
        "listener \"" + listener.name.name + "\": issuer \"" + wanted.issuer.name + "\" is not running");
  }
  const nlohmann::json arguments = {{"names", wanted.names}, {"profile", wanted.profile.name}};
  ActionResult result = issuer->run_action("certify_tls", arguments.dump());
  if (!result.report.ok()) {
    return fail(Outcome::Unavailable, "listener.issuer",
                "listener \"" + listener.name.name + "\": \"" + wanted.issuer.name +
                    "\" made no certificate: " + result.report.text());
  }
  auto made = nlohmann::json::parse(result.json, nullptr, false);
  if (!made.is_object()) return fail(Outcome::Internal, "listener.issuer", "certify_tls printed no object");
  ListenerTls tls;
  tls.renew_at = renewal_of(made, now);
  tls.certificate_chain = made.value("certificate", std::string());
  auto& key = made["key"].get_ref<std::string&>();
  tls.key = Secret(copy_of(as_bytes(key)));
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(result.json.data(), result.json.size());
  return tls;
}

HttpListenerOptions options_of(const Listener& listener) {
  HttpListenerOptions options;
  options.name = listener.name.name;
  options.host = listener.host;
  options.port = listener.port;
  options.trusted_proxies = listener.trusted_proxies;
  options.proxy_protocol = listener.proxy_protocol;
  options.max_connections = listener.max_connections;
  options.header_timeout = listener.header_timeout;
  options.body_timeout = listener.body_timeout;
  options.idle_timeout = listener.idle_timeout;
  return options;
}

template <class Which>
Result<FreshCertificates> fresh_certificates(const Config& config, const ConnectorSet& connectors, WallMs now,
                                             Which which) {
  FreshCertificates fresh;
  for (const Listener& listener : config.host.listeners) {
    if (!which(listener)) continue;
    CERTSPAN_TRY(ListenerTls tls, tls_of(listener, connectors, now));
    CERTSPAN_CHECK(check_tls(listener.name.name, tls.material()));
    fresh.renew_at = earlier(fresh.renew_at, tls.renew_at);
    fresh.by_listener.emplace_back(listener.name.name, std::move(tls));
  }
  return fresh;
}

}  // namespace

Result<ListenerTls> tls_of(const Listener& listener, const ConnectorSet& connectors, WallMs now) {
  if (const auto* files = std::get_if<TlsFiles>(&listener.tls)) return from_files(listener, *files);
  if (const auto* wanted = std::get_if<TlsFromIssuer>(&listener.tls))
    return from_issuer(listener, *wanted, connectors, now);
  return ListenerTls{};
}

Result<RenewAt> add_listeners(HttpServer& http, const Config& config, const ConnectorSet& connectors,
                              WallMs now) {
  RenewAt first;
  for (const Listener& listener : config.host.listeners) {
    CERTSPAN_TRY(const ListenerTls tls, tls_of(listener, connectors, now));
    HttpListenerOptions options = options_of(listener);
    if (listener.has_tls()) options.tls = tls.material();
    CERTSPAN_CHECK(http.add_listener(options));
    first = earlier(first, tls.renew_at);
  }
  return first;
}

Result<FreshCertificates> certificates_of(const Config& config, const ConnectorSet& connectors, WallMs now) {
  return fresh_certificates(config, connectors, now, [](const Listener& each) { return each.has_tls(); });
}

Result<FreshCertificates> renewed_certificates(const Config& config, const ConnectorSet& connectors,
                                               WallMs now) {
  return fresh_certificates(config, connectors, now, [](const Listener& each) {
    return std::holds_alternative<TlsFromIssuer>(each.tls);
  });
}

Result<RenewAt> put_in(HttpServer& http, const FreshCertificates& fresh) {
  for (const auto& [name, tls] : fresh.by_listener) CERTSPAN_CHECK(http.reload_tls(name, tls.material()));
  return fresh.renew_at;
}

bool same_addresses(const std::vector<Listener>& a, const std::vector<Listener>& b) {
  return std::ranges::equal(a, b, [](const Listener& left, const Listener& right) {
    return left.name.name == right.name.name && left.host == right.host && left.port == right.port &&
           left.has_tls() == right.has_tls();
  });
}

}  // namespace certspan
