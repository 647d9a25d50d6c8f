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

}  // namespace certspan::test
