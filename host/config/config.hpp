#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/ip_network.hpp"
#include "host/base/log.hpp"
#include "host/base/step.hpp"
#include "host/config/mark.hpp"
#include "host/config/secret_ref.hpp"
#include "host/config/test_config.hpp"
#include "host/config/yaml_node.hpp"

namespace certspan {

/// TLS with a certificate from files. A change of the files is taken up on reload.
struct TlsFiles {
  std::filesystem::path certificate_file;  ///< PEM, leaf first
  Mark certificate_mark;
  SecretRef key;  ///< PEM
  Mark key_mark;
};

/// TLS with a certificate that one of the file's issuers makes for the host itself.
struct TlsFromIssuer {
  Named issuer;
  Named profile;
  std::vector<std::string> names;  ///< DNS names and IP addresses, at least one
};

/// One address that the host serves HTTP on.
struct Listener {
  Named name;
  std::string host;        ///< as written: a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< 0: any free one
  std::variant<std::monostate, TlsFiles, TlsFromIssuer> tls;
  std::vector<IpNetwork> trusted_proxies;  ///< whose word counts for who a client is
  bool proxy_protocol = false;             ///< they begin with version 2 of the PROXY protocol
  std::size_t max_connections = 10'000;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};

  bool has_tls() const { return !std::holds_alternative<std::monostate>(tls); }
  /// Only programs of this machine reach it.
  bool is_loopback() const;
};

/// What people on the control socket may do, rising; the values are those of abi/actions.h.
enum class Person : std::uint8_t { Viewer = 0, Operator = 1, Officer = 2, Admin = 3 };

std::string_view to_string(Person person);

/// A user or a group of the operating system that has a role: `alice`, `group:pki`.
struct Principal {
  bool group = false;
  std::string name;
  Mark mark;
};

struct ControlSection {
  std::filesystem::path socket;  ///< set by load_config where the file is silent
  Mark socket_mark;              ///< line 0 for the default
  std::map<Person, std::vector<Principal>> roles;
};

struct LogSection {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  std::filesystem::path file;  ///< empty: standard error
  Mark file_mark;
};

/// How connectors speak HTTP to the outside.
struct HttpOutSection {
  std::string proxy;                  ///< "http://host:port"; empty: none
  std::vector<std::string> no_proxy;  ///< hosts, and domains with all below them
  std::chrono::milliseconds connect_timeout{10'000};
};

/// Where the head of the audit chain is told, so that nobody can write the chain anew unseen.
struct AuditSection {
  std::chrono::milliseconds every{60'000};
  std::filesystem::path file;  ///< a line is added each time; empty: none
  Mark file_mark;
  std::filesystem::path syslog;  ///< socket of the machine's syslog, as /dev/log; empty: none

  bool is_told() const { return !file.empty() || !syslog.empty(); }
  /// Wherever it stands in the file.
  bool operator==(const AuditSection& other) const {
    return every == other.every && file == other.file && syslog == other.syslog;
  }
};

/// Where metrics are told, in Prometheus's text format.
struct MetricsSection {
  Named listener;  ///< empty: nowhere
  std::string path = "/metrics";

  /// Wherever it stands in the file.
  bool operator==(const MetricsSection& other) const {
    return listener.name == other.listener.name && path == other.path;
  }
};

/// How many revocations sources may order within an hour without a person.
struct RevocationGuardSection {
  std::uint32_t orders = 200;
  std::uint32_t percent = 5;  ///< of all finished items
};

/// A directory that the CRLs of this host's CAs are written to, for a web server elsewhere.
struct PublishCrlsSection {
  std::filesystem::path directory;  ///< empty: none
  std::chrono::milliseconds every{600'000};
};

struct HostSection {
  std::filesystem::path data_dir = "/var/lib/certspan";
  Mark data_dir_mark;  ///< of the value; nowhere if the file has none
  std::chrono::milliseconds drain_timeout{30'000};
  /// A repeat of an item that went well is answered from the journal for this long.
  std::chrono::milliseconds repeat_window{std::chrono::hours(24)};
  /// Finished items go when they are older, but none whose certificate is still good.
  std::chrono::milliseconds retention{std::chrono::hours(24 * 400)};
  /// The master key of what the journal seals; without it the key stands in data_dir.
  std::optional<SecretRef> journal_key;
  /// What it was before, until a rotation has ended.
  std::optional<SecretRef> previous_journal_key;
  std::vector<Listener> listeners;
  ControlSection control;
  LogSection log;
  HttpOutSection http_out;
  AuditSection audit;
  MetricsSection metrics;
  RevocationGuardSection revocation_guard;
  PublishCrlsSection publish_crls;
  bool danger_ca_key_in_host = false;

  const Listener* listener(std::string_view name) const;
};

/// A vendor's key, and the plugins that it may sign.
struct TrustedKey {
  Named name;
  std::filesystem::path public_key_file;  ///< PEM (SPKI), Ed25519 or P-256
  Mark public_key_mark;
  std::vector<std::string> ids;  ///< "com.acme.ca", or "com.acme.*" for all below com.acme
};

/// Whose plugins are let in beside the program's own.
struct TrustSection {
  std::vector<TrustedKey> keys;
  std::filesystem::path revoked_file;  ///< a SHA-256 in each line; empty: none
  Mark revoked_mark;
  bool danger_allow_unsigned = false;
};

struct PluginsSection {
  std::vector<std::filesystem::path> dirs;
  std::map<std::string, std::string> pins;  ///< plugin id -> SHA-256 of its file, 64 lower-case hex digits
  TrustSection trust;
  Mark mark;
};

/// One connector as the file has it; its settings are looked at when its type is known.
/// Where a connector's plugin runs.
enum class Isolation : std::uint8_t { InProcess, Process };

struct ConnectorConfig {
  Named name;
  Named plugin;
  Named type;
  YamlNode settings;              ///< a mapping; empty if the file has none
  Mark settings_mark;             ///< of the key; the connector's name if there are none
  std::uint32_t concurrency = 4;  ///< for types that wait: how many calls at a time
  bool required = true;           ///< false: the host runs without it if it cannot be loaded or started
  Isolation isolation = Isolation::Process;
  bool network = false;  ///< its worker may open sockets of its own
};

/// `when: { label: [globs] }`: every rule must match one of its globs.
struct WhenRule {
  Named label;
  std::vector<std::string> globs;
};

struct StepConfig {
  StepKind kind = StepKind::Validate;
  Mark mark;
  std::vector<Named> connectors;  ///< issue: ordered fail-over; revoke: whose certificates; otherwise one
  Named profile;                  ///< issue
  std::vector<Named> sources;     ///< revoke: whose items
  std::uint32_t reason = 5;       ///< revoke: CRLReason; cessationOfOperation
  bool danger_revoke_foreign = false;
  std::chrono::milliseconds timeout{20'000};
  RetryPolicy retry;
  bool required = true;      ///< deliver
  bool after_reply = false;  ///< deliver
};

/// What a client hears whose item takes longer than `within`.
enum class ReplyThen : std::uint8_t {
  TryLater,  ///< 503 and Retry-After; the item goes on
  Pending,   ///< the protocol's own "pending"
};

struct PipelineConfig {
  Named name;
  Named source;
  std::vector<WhenRule> when;     ///< empty: takes every item of the source
  std::vector<StepConfig> steps;  ///< those of `on_failure` last
  /// An item that is not done by then is given up, unless it may have been done.
  std::chrono::milliseconds deadline{std::chrono::hours(24 * 7)};
  std::chrono::milliseconds reply_within{45'000};
  ReplyThen reply_then = ReplyThen::TryLater;
  bool otherwise_reject = false;  ///< items of the source that match no pipeline are refused
  Mark otherwise_mark;
  bool danger_open_enrolment = false;
  bool danger_mixed_chains = false;  ///< its CAs may stand under different roots

  /// The steps as a work item carries them.
  std::vector<Step> resolved_steps() const;
  /// Whether this pipeline takes an item with these labels. `message` ("enrolment" or "renewal") counts as a
  /// label.
  bool takes(std::string_view message, const Labels& labels) const;
};

/// A `danger_` switch that is on: shown by `check` and `status`.
struct DangerSwitch {
  std::string path;  ///< "connectors.scep.settings.danger_sha1"
  Mark mark;
};

/// A configuration file, typed, with the place of each name. A value: copy it, keep the old one, compare.
struct Config {
  std::filesystem::path file;
  int version = 1;
  HostSection host;
  PluginsSection plugins;
  std::vector<ConnectorConfig> connectors;  ///< in the order of the file
  YamlNode profiles;  ///< mapping name -> profile; the `profile` plugin knows what it says
  Mark profiles_mark;
  std::vector<PipelineConfig> pipelines;  ///< in the order of the file: the first that matches takes an item
  std::vector<TestConfig> tests;          ///< what `certspan test` runs, in the order of the file
  std::vector<DangerSwitch> dangers;

  const ConnectorConfig* connector(std::string_view name) const;
  const PipelineConfig* pipeline(std::string_view name) const;
};

}  // namespace certspan
