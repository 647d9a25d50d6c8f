#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "host/config/load_config.hpp"

namespace certspan {

inline std::ostream& operator<<(std::ostream& out, const Mark& mark) {
  return out << mark.line << ':' << mark.column;
}

}  // namespace certspan

namespace certspan::test {

using Environment = std::map<std::string, std::string, std::less<>>;

/// Parses `text` as the file /etc/certspan/test.yaml, in this environment and no other.
inline std::optional<Config> parse(std::string_view text, Faults& faults,
                                   const Environment& environment = {}) {
  ExpansionContext context;
  context.environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  context.directory = "/etc/certspan";
  return parse_config("/etc/certspan/test.yaml", text, context, faults);
}

/// Where `needle` first stands in `text`, for short lines in plain ASCII.
inline Mark place_in(std::string_view text, std::string_view needle) {
  const std::string_view before = text.substr(0, text.find(needle));
  const std::size_t start = before.rfind('\n') + 1;
  return {static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
          static_cast<std::uint32_t>(before.size() - start + 1)};
}

/// The file of the architecture page, as far as this release goes.
inline constexpr std::string_view kExample = R"(version: 1
host:
  data_dir: /var/lib/certspan
  danger_ca_key_in_host: true
  listeners: { web: { address: "0.0.0.0:443", tls: { certificate_file: web.pem, key: "${file:web.key}" } } }
plugins: { dirs: [/usr/lib/certspan/plugins] }

connectors:
  scep:      { plugin: ndes,        type: scep_server, settings: { listener: web, path: /scep } }
  password:  { plugin: ndes,        type: challenge,   settings: { static: "${file:/run/credentials/challenge}" } }
  corp-ca:   { plugin: ca_local,    type: ca,          settings: { certificate_file: ca.pem, key: "${credential:ca-key}" } }
  corp-ca-2: { plugin: com.acme.ca, type: ca,          concurrency: 16, settings: { url: "https://ca.example" } }

profiles:
  wifi: { subject: from_request, san: [upn, dns], key_usage: [digital_signature], eku: [client_auth], validity: 365d, keys: [rsa>=2048, p256] }

pipelines:
  device-wifi:
    source: scep
    when: { profile: ["wifi-*"] }
    steps:
      - validate: password
      - issue: [corp-ca, corp-ca-2]
        profile: wifi
        timeout: 20s
        retry: { attempts: 6, backoff: 1s..2m }
    reply: { within: 45s, then: try_later }
    otherwise: reject
)";

/// A file without fault in which every key of the grammar stands.
inline constexpr std::string_view kEveryKey = R"(version: 1
host:
  data_dir: /var/lib/certspan
  drain_timeout: 30s
  repeat_window: 24h
  retention: 400d
  danger_ca_key_in_host: true
  journal_key: "${credential:journal-key}"
  previous_journal_key: "${file:old.key}"
  listeners:
    web:
      address: "0.0.0.0:443"
      trusted_proxies: [10.0.0.5, "2001:db8::/64"]
      proxy_protocol: true
      tls: { certificate_file: web.pem, key: "${file:web.key}" }
      limits: { max_connections: 1000, header_timeout: 10s, body_timeout: 30s, idle_timeout: 1m }
    other:
      address: "[::]:8443"
      tls: { issuer: corp-ca, profile: web, names: [scep.example, 192.0.2.1] }
  control:
    socket: /run/certspan/control.sock
    roles: { viewer: [bob], operator: ["group:helpdesk"], officer: [alice], admin: [root] }
  audit: { every: 1m, file: /var/log/certspan-audit, syslog: /dev/log }
  metrics: { listener: other, path: /metrics }
  revocation_guard: { orders: 100, percent: 10 }
  publish_crls: { directory: /var/www/pki, every: 5m }
  log: { level: info, format: text, file: /var/log/certspan.log }
  http_out: { proxy: "http://proxy.example:3128", no_proxy: [ca.example, 192.0.2.9], connect_timeout: 5s }
plugins:
  dirs: [/usr/lib/certspan/plugins]
  pins: { com.acme.ca: 5f2c9b1e0d6a4c3b8a7f6e5d4c3b2a190817263544536271809f8e7d6c5b4a39 }
  trust:
    keys:
      acme: { public_key_file: acme.pub, ids: ["com.acme.*", com.acme-labs.ca] }
    revoked_file: revoked.txt
    danger_allow_unsigned: false
connectors:
  scep:
    isolation: process
    network: false
    plugin: ndes
    type: scep_server
    settings:
      listener: web
      path: /scep
      aliases: [/certsrv/mscep/mscep.dll]
      ra: { certificate_file: ra.pem, key: "${credential:ra-key}" }
      ca_certificates: ra_ca
      cache: 64KiB
      poll_interval: 30s
      max_polls: 10
      extra_capabilities: [SHA-384]
      danger_sha1: false
  password: { plugin: ndes, type: challenge, settings: { static: "${file:/run/credentials/x}", endpoint: scep, lifetime: 1h } }
  corp-ca: { plugin: ca_local, type: ca, isolation: in_process, settings: { certificate_file: ca.pem, key: "${file:ca.key}" } }
  acme: { plugin: com.acme.ca, type: ca, concurrency: 8, required: false, settings: { url: "https://ca.example", token: "${credential:acme}", ratio: 0.5 } }
  hook: { plugin: ndes, type: webhook, settings: { url: "https://hook.example" } }
  orders: { plugin: ndes, type: queue }
profiles:
  wifi: { subject: from_request, san: [upn, dns], key_usage: [digital_signature], eku: [client_auth], validity: 365d, keys: [p256] }
  web: { validity: 90d }
pipelines:
  renewals:
    source: scep
    when: { message: renewal }
    danger_open_enrolment: true
    danger_mixed_chains: false
    steps: [ { issue: acme, profile: wifi } ]
    otherwise: reject
  wifi:
    source: scep
    when: { profile: ["wifi-*"] }
    steps:
      - validate: password
      - issue: [corp-ca, acme]
        profile: wifi
        timeout: 20s
        retry: { attempts: 6, backoff: 1s..2m }
      - { deliver: hook, required: false }
      - { deliver: hook, notify: after_reply }
    on_failure: [ { deliver: hook, timeout: 5s, retry: { attempts: 3, backoff: 1s..2m } } ]
    deadline: 3d
    reply: { within: 45s, then: pending }
  leavers:
    source: orders
    steps:
      - { revoke: [corp-ca], sources: [scep], reason: superseded, danger_revoke_foreign: true }
      - { deliver: hook }
tests:
  patience:
    source: scep
    message: enrolment
    labels: { profile: wifi-guest }
    connectors:
      password: ok
      corp-ca: [throttled, { call: issue, outcome: unknown, code: acme.lost, takes: 20s }, crash, { call: lookup, outcome: cancelled }]
      acme: { outcome: pending, retry_after: 1h, times: 3 }
    expect: { state: done, issuer: acme, pipeline: wifi, code: acme.fine, calls: [validate password, issue corp-ca], within: 2d }
)";

}  // namespace certspan::test
