#include "host/config/known_keys.hpp"

#include <array>

namespace certspan {
namespace {

constexpr auto kKeys = std::to_array<KnownKey>({
    {"version", ""},
    {"host", ""},
    {"plugins", ""},
    {"connectors", ""},
    {"profiles", ""},
    {"pipelines", ""},
    {"tests", ""},
    {"data_dir", "host"},
    {"drain_timeout", "host"},
    {"repeat_window", "host"},
    {"retention", "host"},
    {"listeners", "host"},
    {"control", "host"},
    {"log", "host"},
    {"http_out", "host"},
    {"audit", "host"},
    {"metrics", "host"},
    {"danger_ca_key_in_host", "host"},
    {"journal_key", "host"},
    {"previous_journal_key", "host"},
    {"address", "host.listeners.*"},
    {"tls", "host.listeners.*"},
    {"limits", "host.listeners.*"},
    {"trusted_proxies", "host.listeners.*"},
    {"proxy_protocol", "host.listeners.*"},
    {"certificate_file", "host.listeners.*.tls"},
    {"key", "host.listeners.*.tls"},
    {"issuer", "host.listeners.*.tls"},
    {"profile", "host.listeners.*.tls"},
    {"names", "host.listeners.*.tls"},
    {"max_connections", "host.listeners.*.limits"},
    {"header_timeout", "host.listeners.*.limits"},
    {"body_timeout", "host.listeners.*.limits"},
    {"idle_timeout", "host.listeners.*.limits"},
    {"socket", "host.control"},
    {"roles", "host.control"},
    {"viewer", "host.control.roles"},
    {"operator", "host.control.roles"},
    {"officer", "host.control.roles"},
    {"admin", "host.control.roles"},
    {"level", "host.log"},
    {"format", "host.log"},
    {"file", "host.log"},
    {"proxy", "host.http_out"},
    {"no_proxy", "host.http_out"},
    {"connect_timeout", "host.http_out"},
    {"every", "host.audit"},
    {"file", "host.audit"},
    {"syslog", "host.audit"},
    {"listener", "host.metrics"},
    {"path", "host.metrics"},
    {"dirs", "plugins"},
    {"pins", "plugins"},
    {"trust", "plugins"},
    {"keys", "plugins.trust"},
    {"revoked_file", "plugins.trust"},
    {"danger_allow_unsigned", "plugins.trust"},
    {"public_key_file", "plugins.trust.keys.*"},
    {"ids", "plugins.trust.keys.*"},
    {"plugin", "connectors.*"},
    {"type", "connectors.*"},
    {"settings", "connectors.*"},
    {"concurrency", "connectors.*"},
    {"required", "connectors.*"},
    {"isolation", "connectors.*"},
    {"network", "connectors.*"},
    {"source", "pipelines.*"},
    {"when", "pipelines.*"},
    {"steps", "pipelines.*"},
    {"deadline", "pipelines.*"},
    {"reply", "pipelines.*"},
    {"otherwise", "pipelines.*"},
    {"danger_open_enrolment", "pipelines.*"},
    {"danger_mixed_chains", "pipelines.*"},
    {"within", "pipelines.*.reply"},
    {"then", "pipelines.*.reply"},
    {"validate", "pipelines.*.steps"},
    {"issue", "pipelines.*.steps"},
    {"profile", "pipelines.*.steps"},
    {"timeout", "pipelines.*.steps"},
    {"retry", "pipelines.*.steps"},
    {"attempts", "pipelines.*.steps.retry"},
    {"backoff", "pipelines.*.steps.retry"},
    {"source", "tests.*"},
    {"message", "tests.*"},
    {"labels", "tests.*"},
    {"connectors", "tests.*"},
    {"expect", "tests.*"},
    {"outcome", "tests.*.connectors.*"},
    {"call", "tests.*.connectors.*"},
    {"code", "tests.*.connectors.*"},
    {"retry_after", "tests.*.connectors.*"},
    {"takes", "tests.*.connectors.*"},
    {"times", "tests.*.connectors.*"},
    {"state", "tests.*.expect"},
    {"issuer", "tests.*.expect"},
    {"pipeline", "tests.*.expect"},
    {"code", "tests.*.expect"},
    {"calls", "tests.*.expect"},
    {"within", "tests.*.expect"},
});

}  // namespace

std::span<const KnownKey> known_keys() {
  return kKeys;
}

std::vector<std::string_view> parents_of(std::string_view key) {
  std::vector<std::string_view> parents;
  for (const KnownKey& known : kKeys) {
    if (known.key == key) parents.push_back(known.parent);
  }
  return parents;
}

}  // namespace certspan
