#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/setting_scalar.hpp"

namespace certspan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Whether a system can look for this: an address, or a name of letters, digits, "-", "_" and ".".
bool is_possible_host(const std::string& host) {
  std::array<std::uint8_t, sizeof(in6_addr)> address{};
  if (host.find(':') != std::string::npos) {
    return inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), address.data()) == 1;
  }
  if (host.find_first_not_of("0123456789.") == std::string::npos) {
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1;
  }
  return std::ranges::all_of(
      host, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

/// "host:port" in its parts; false if it is not of that form.
bool split_address(std::string_view text, Listener& listener) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), listener.port);
  if (host.empty() || port.empty() || error != std::errc() || end != port.data() + port.size()) return false;
  listener.host = host;
  return is_possible_host(listener.host);
}

void read_address(MapReader& map, Listener& listener, Faults& faults) {
  const YamlEntry* entry = map.need("address");
  if (entry == nullptr) return;
  const auto text = read_text(entry->value, fmt::format("\"address\" of {}", map.what()), faults);
  if (text && !split_address(*text, listener)) {
    faults.error(FaultCode::BadValue, entry->value.mark(),
                 fmt::format("\"address\" of {} is not of the form host:port", map.what()),
                 "write 0.0.0.0:443, [::]:443 or 127.0.0.1:8080");
  }
}

/// A reference to a secret; `hint` says how one is written.
void read_secret_ref(const YamlEntry& entry, std::string_view what, const char* hint, SecretRef& secret,
                     Faults& faults) {
  if (entry.value.kind() == YamlNode::Kind::Secret) {
    secret = entry.value.secret();
    return;
  }
  faults.hide_excerpt(entry.key_mark);
  faults.error(FaultCode::SecretLiteral, entry.value.mark(),
               fmt::format("{} is a secret and must be a reference", what), hint);
}

void read_tls_files(MapReader& map, const std::filesystem::path& base, Listener& listener, Faults& faults) {
  TlsFiles files;
  if (const YamlEntry* certificate = map.need("certificate_file"))
    files.certificate_mark = certificate->value.mark();
  map.path("certificate_file", base, files.certificate_file);
  if (const YamlEntry* key = map.need("key")) {
    files.key_mark = key->value.mark();
    read_secret_ref(*key, fmt::format("\"key\" of {}", map.what()),
                    "write \"${file:/path/to/key.pem}\" or \"${credential:NAME}\"", files.key, faults);
  }
  listener.tls = std::move(files);
}

void read_tls_issuer(MapReader& map, Listener& listener, Faults& faults) {
  TlsFromIssuer tls;
  map.name("issuer", tls.issuer);
  map.need_name("profile", tls.profile);
  if (const YamlEntry* names = map.need("names")) {
    for (Named& name : read_texts(names->value, fmt::format("\"names\" of {}", map.what()), faults)) {
      tls.names.push_back(std::move(name.name));
    }
  }
  listener.tls = std::move(tls);
}

void read_tls(const YamlNode& node, const std::filesystem::path& base, Listener& listener, Faults& faults) {
  MapReader map(node, fmt::format("tls of listener \"{}\"", listener.name.name), "host.listeners.*.tls",
                faults);
  if (node.find("issuer") != nullptr) {
    read_tls_issuer(map, listener, faults);
    for (const std::string_view key : {"certificate_file", "key"}) {
      if (const YamlEntry* entry = map.take(key)) {
        faults.error(FaultCode::BadValue, entry->key_mark,
                     fmt::format("{} has both \"issuer\" and \"{}\"", map.what(), key),
                     "take the certificate either from files or from an issuer");
      }
    }
  } else {
    read_tls_files(map, base, listener, faults);
    for (const std::string_view key : {"profile", "names"}) {
      if (const YamlEntry* entry = map.take(key)) {
        faults.error(FaultCode::BadValue, entry->key_mark,
                     fmt::format("\"{}\" of {} needs an \"issuer\"", key, map.what()));
      }
    }
    map.take("issuer");
  }
  map.finish();
}

void read_proxies(MapReader& map, Listener& listener, Faults& faults) {
  const YamlEntry* entry = map.take("trusted_proxies");
  if (entry != nullptr) {
    const std::string what = fmt::format("\"trusted_proxies\" of {}", map.what());
    for (const Named& text : read_texts(entry->value, what, faults)) {
      const auto network = parse_ip_network(text.name);
      const bool everybody = network && network->covers_a_family();
      if (network && !everybody) {
        listener.trusted_proxies.push_back(*network);
      } else {
        faults.error(
            FaultCode::BadValue, text.mark,
            everybody ? fmt::format("{} trusts everybody to say who they are", what)
                      : fmt::format("{}: \"{}\" is no address and no network", what, text.name),
            "write addresses of your proxies, or networks without bits behind their prefix: 10.0.0.5, "
            "10.1.0.0/16, 2001:db8::/64");
      }
    }
  }
  map.boolean("proxy_protocol", listener.proxy_protocol);
  if (const YamlEntry* flag = map.take("proxy_protocol");
      flag != nullptr && listener.proxy_protocol && entry == nullptr) {
    faults.error(
        FaultCode::MissingKey, flag->key_mark,
        fmt::format("\"proxy_protocol\" of {} lets nobody in without \"trusted_proxies\"", map.what()),
        "name the addresses of your proxies");
  }
}

void read_limits(const YamlNode& node, Listener& listener, Faults& faults) {
  MapReader map(node, fmt::format("limits of listener \"{}\"", listener.name.name), "host.listeners.*.limits",
                faults);
  const Bounds<milliseconds> bounds{milliseconds(100), minutes(10)};
  map.integer("max_connections", Bounds<std::size_t>{1, 1'000'000}, listener.max_connections);
  map.duration("header_timeout", bounds, listener.header_timeout);
  map.duration("body_timeout", bounds, listener.body_timeout);
  map.duration("idle_timeout", bounds, listener.idle_timeout);
  map.finish();
}

void read_listeners(const YamlNode& node, const std::filesystem::path& base, HostSection& host,
                    Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"listeners\" of host", "a mapping of names to listeners", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    check_name(entry, "listener", faults);
    Listener& listener = host.listeners.emplace_back();
    listener.name = {entry.key, entry.key_mark};
    MapReader map(entry.value, fmt::format("listener \"{}\"", entry.key), "host.listeners.*", faults);
    read_address(map, listener, faults);
    if (const YamlEntry* tls = map.take("tls")) read_tls(tls->value, base, listener, faults);
    read_proxies(map, listener, faults);
    if (const YamlEntry* limits = map.take("limits")) read_limits(limits->value, listener, faults);
    map.finish();
  }
}

void read_roles(const YamlNode& node, ControlSection& control, Faults& faults) {
  MapReader map(node, "roles of control", "host.control.roles", faults);
  for (const Person person : {Person::Viewer, Person::Operator, Person::Officer, Person::Admin}) {
    const YamlEntry* entry = map.take(to_string(person));
    if (entry == nullptr) continue;
    for (const Named& text :
         read_texts(entry->value, fmt::format("role \"{}\"", to_string(person)), faults)) {
      std::string_view name = text.name;
      const bool group = name.starts_with("group:");
      if (group) name.remove_prefix(6);
      if (name.empty() || name.find_first_of(": ") != std::string_view::npos) {
        faults.error(FaultCode::BadValue, text.mark,
                     fmt::format("\"{}\" in role \"{}\" is no user or group", text.name, to_string(person)),
                     "write a user's name, or group:NAME");
        continue;
      }
      control.roles[person].push_back({group, std::string(name), text.mark});
    }
  }
  map.finish();
}

void read_control(const YamlNode& node, const std::filesystem::path& base, ControlSection& control,
                  Faults& faults) {
  MapReader map(node, "control", "host.control", faults);
  map.path("socket", base, control.socket);
  if (const YamlEntry* socket = map.take("socket")) control.socket_mark = socket->value.mark();
  if (const YamlEntry* roles = map.take("roles")) read_roles(roles->value, control, faults);
  map.finish();
}

void read_log(const YamlNode& node, const std::filesystem::path& base, LogSection& log, Faults& faults) {
  static constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
  static constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
  MapReader map(node, "log", "host.log", faults);
  auto level = static_cast<std::size_t>(log.level);
  auto format = static_cast<std::size_t>(log.format);
  map.choice("level", kLevels, level);
  map.choice("format", kFormats, format);
  map.path("file", base, log.file);
  if (const YamlEntry* file = map.take("file")) log.file_mark = file->value.mark();
  map.finish();
  log.level = static_cast<LogLevel>(level);
  log.format = static_cast<LogFormat>(format);
}

/// "http://host:port" and nothing more: a password has no place here, nor has a path.
bool is_proxy(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  Listener parts;
  if (!text.starts_with(kScheme)) return false;
  return split_address(text.substr(kScheme.size()), parts) && parts.port != 0 &&
         parts.host.find_first_of("/@?# ") == std::string::npos;
}

void read_http_out(const YamlNode& node, HttpOutSection& http_out, Faults& faults) {
  MapReader map(node, "http_out", "host.http_out", faults);
  map.text("proxy", http_out.proxy);
  if (const YamlEntry* proxy = map.take("proxy"); proxy != nullptr && !is_proxy(http_out.proxy)) {
    faults.error(FaultCode::BadValue, proxy->value.mark(),
                 "\"proxy\" of http_out is not of the form http://host:port",
                 "write http://proxy.example:3128");
  }
  if (const YamlEntry* hosts = map.take("no_proxy")) {
    for (Named& host : read_texts(hosts->value, "\"no_proxy\" of http_out", faults)) {
      http_out.no_proxy.push_back(std::move(host.name));
    }
  }
  map.duration("connect_timeout", {milliseconds(100), minutes(5)}, http_out.connect_timeout);
  map.finish();
}

void read_audit(const YamlNode& node, const std::filesystem::path& base, AuditSection& audit,
                Faults& faults) {
  MapReader map(node, "audit", "host.audit", faults);
  map.duration("every", {seconds(1), hours(24)}, audit.every);
  map.path("file", base, audit.file);
  if (const YamlEntry* file = map.take("file")) audit.file_mark = file->value.mark();
  map.path("syslog", base, audit.syslog);
  map.finish();
}

void read_metrics(const YamlNode& node, MetricsSection& metrics, Faults& faults) {
  MapReader map(node, "metrics", "host.metrics", faults);
  map.need_name("listener", metrics.listener);
  map.text("path", metrics.path);
  if (const YamlEntry* path = map.take("path"); path != nullptr) {
    if (const std::string_view fault = route_fault(metrics.path); !fault.empty()) {
      faults.error(FaultCode::BadValue, path->value.mark(),
                   fmt::format("\"path\" of metrics is no path: {}", fault));
    }
  }
  map.finish();
}

void read_journal_key(MapReader& map, const char* name, std::optional<SecretRef>& key, Faults& faults) {
  const YamlEntry* entry = map.take(name);
  if (entry == nullptr) return;
  read_secret_ref(*entry, fmt::format("\"{}\" of host", name),
                  "write \"${credential:NAME}\" or \"${file:/path}\"; the secret is 64 hexadecimal digits",
                  key.emplace(), faults);
}

}  // namespace

namespace {

void read_revocation_guard(const YamlNode& node, RevocationGuardSection& guard, Faults& faults) {
  MapReader map(node, "host.revocation_guard", "host.revocation_guard", faults);
  map.integer("orders", Bounds<std::uint32_t>{1, 1'000'000}, guard.orders);
  map.integer("percent", Bounds<std::uint32_t>{1, 100}, guard.percent);
  map.finish();
}

void read_publish_crls(const YamlNode& node, const std::filesystem::path& base, PublishCrlsSection& publish,
                       Faults& faults) {
  MapReader map(node, "host.publish_crls", "host.publish_crls", faults);
  map.path("directory", base, publish.directory);
  if (publish.directory.empty()) {
    faults.error(FaultCode::MissingKey, node.mark(), "\"publish_crls\" of host has no \"directory\"",
                 "name the directory that CRLs are written to");
  }
  map.duration("every", {minutes(1), hours(24)}, publish.every);
  map.finish();
}

}  // namespace

void read_host(const YamlNode& node, const std::filesystem::path& base, HostSection& host, Faults& faults) {
  MapReader map(node, "host", "host", faults);
  map.path("data_dir", base, host.data_dir);
  if (const YamlEntry* data_dir = map.take("data_dir")) host.data_dir_mark = data_dir->value.mark();
  map.duration("drain_timeout", {seconds(1), minutes(30)}, host.drain_timeout);
  map.duration("repeat_window", {minutes(1), hours(24 * 30)}, host.repeat_window);
  // Repeats are answered from what is kept.
  map.duration("retention",
               {std::max<std::chrono::milliseconds>(host.repeat_window, hours(24)), hours(24 * 366 * 20)},
               host.retention);
  read_journal_key(map, "journal_key", host.journal_key, faults);
  read_journal_key(map, "previous_journal_key", host.previous_journal_key, faults);
  if (const YamlEntry* listeners = map.take("listeners"))
    read_listeners(listeners->value, base, host, faults);
  if (const YamlEntry* control = map.take("control"))
    read_control(control->value, base, host.control, faults);
  if (const YamlEntry* log = map.take("log")) read_log(log->value, base, host.log, faults);
  if (const YamlEntry* http_out = map.take("http_out")) read_http_out(http_out->value, host.http_out, faults);
  if (const YamlEntry* audit = map.take("audit")) read_audit(audit->value, base, host.audit, faults);
  if (const YamlEntry* metrics = map.take("metrics")) read_metrics(metrics->value, host.metrics, faults);
  if (const YamlEntry* guard = map.take("revocation_guard"))
    read_revocation_guard(guard->value, host.revocation_guard, faults);
  if (const YamlEntry* publish = map.take("publish_crls"))
    read_publish_crls(publish->value, base, host.publish_crls, faults);
  map.boolean("danger_ca_key_in_host", host.danger_ca_key_in_host);
  map.finish();
}

}  // namespace certspan
