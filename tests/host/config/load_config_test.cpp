#include "host/config/load_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

using namespace std::chrono_literals;

Config good(std::string_view text, const Environment& environment = {}) {
  Faults faults("f");
  auto config = parse(text, faults, environment);
  INFO(faults.to_text());
  REQUIRE(config);
  REQUIRE_FALSE(faults.has_errors());
  return *config;
}

TEST_CASE("the example of the architecture page is read into types") {
  const Config config = good(kExample);
  CHECK(config.version == 1);
  REQUIRE(config.host.listeners.size() == 1);
  const Listener& web = config.host.listeners[0];
  CHECK(web.host == "0.0.0.0");
  CHECK(web.port == 443);
  const auto* tls = std::get_if<TlsFiles>(&web.tls);
  REQUIRE(tls);
  CHECK(tls->certificate_file == "/etc/certspan/web.pem");
  CHECK(to_string(tls->key) == "${file:/etc/certspan/web.key}");
  CHECK(config.plugins.dirs == std::vector<std::filesystem::path>{"/usr/lib/certspan/plugins"});

  REQUIRE(config.connectors.size() == 4);
  CHECK(config.connectors[0].name.name == "scep");
  CHECK(config.connector("corp-ca-2")->plugin.name == "com.acme.ca");
  CHECK(config.connector("corp-ca-2")->concurrency == 16);
  CHECK(config.connector("nobody") == nullptr);

  REQUIRE(config.pipelines.size() == 1);
  const PipelineConfig& pipeline = config.pipelines[0];
  CHECK(pipeline.name.name == "device-wifi");
  CHECK(pipeline.source.name == "scep");
  CHECK(pipeline.reply_within == 45s);
  CHECK(pipeline.reply_then == ReplyThen::TryLater);
  CHECK(pipeline.otherwise_reject);
  const std::vector<Step> steps = pipeline.resolved_steps();
  REQUIRE(steps.size() == 2);
  CHECK(steps[0] == Step{StepKind::Validate, {"password"}, "wifi", 20s, {}, true, false, {}, 0});
  CHECK(steps[1] ==
        Step{StepKind::Issue, {"corp-ca", "corp-ca-2"}, "wifi", 20s, {6, 1s, 2min}, true, false, {}, 0});
}

TEST_CASE("a proxy is a place, without a path or a password") {
  const auto with_proxy = [](const std::string& proxy) {
    return "version: 1\nhost: { http_out: { proxy: \"" + proxy + "\", no_proxy: [ca.example] } }\n";
  };
  const Config config = good(with_proxy("http://proxy.example:3128"));
  CHECK(config.host.http_out.proxy == "http://proxy.example:3128");
  CHECK(config.host.http_out.no_proxy == std::vector<std::string>{"ca.example"});
  CHECK(config.host.http_out.connect_timeout == 10s);
  for (const char* bad : {"proxy.example:3128", "https://proxy.example:3128", "http://proxy.example",
                          "http://proxy.example:3128/path", "http://user:secret@proxy.example:3128"}) {
    CAPTURE(bad);
    Faults faults("f");
    parse(with_proxy(bad), faults);
    REQUIRE(faults.sorted().size() == 1);
    const Fault fault = faults.sorted().front();
    CHECK(fault.code == FaultCode::BadValue);
    CHECK(fault.mark == Mark{2, 28});
    CHECK(fault.message.find("secret") == std::string::npos);
  }
}

TEST_CASE("what a file leaves out has its default, the secure one where there is a choice") {
  const Config config = good("version: 1\n");
  CHECK(config.host.data_dir == "/var/lib/certspan");
  CHECK(config.host.control.socket == "/run/certspan/control.sock");
  CHECK(config.host.drain_timeout == 30s);
  CHECK(config.host.repeat_window == 24h);
  CHECK(config.host.retention == 400 * 24h);
  CHECK(config.host.log.level == LogLevel::Info);
  CHECK(config.host.log.file.empty());
  CHECK_FALSE(config.host.danger_ca_key_in_host);
  CHECK(config.dangers.empty());
}

TEST_CASE("everything of the host section is read") {
  const Config config = good(R"(version: 1
host:
  data_dir: data
  drain_timeout: 5s
  repeat_window: 12h
  retention: 30d
  audit: { every: 5m, file: heads, syslog: /dev/log }
  listeners:
    plain: { address: "[::1]:8080", limits: { max_connections: 20, header_timeout: 1s, body_timeout: 2s, idle_timeout: 3s } }
  control:
    socket: /run/certspan/control.sock
    roles: { admin: root, officer: [alice, "group:pki"] }
  log: { level: debug, format: json, file: log/certspan.log }
)");
  CHECK(config.host.data_dir == "/etc/certspan/data");
  const Listener& plain = *config.host.listener("plain");
  CHECK(config.host.retention == 30 * 24h);
  CHECK(config.host.audit.every == 5min);
  CHECK(config.host.audit.file == "/etc/certspan/heads");
  CHECK(config.host.audit.syslog == "/dev/log");
  CHECK(plain.host == "::1");
  CHECK(plain.port == 8080);
  CHECK_FALSE(plain.has_tls());
  CHECK(plain.max_connections == 20);
  CHECK(plain.header_timeout == 1s);
  CHECK(plain.body_timeout == 2s);
  CHECK(plain.idle_timeout == 3s);
  CHECK(config.host.control.socket == "/run/certspan/control.sock");
  const auto& officers = config.host.control.roles.at(Person::Officer);
  REQUIRE(officers.size() == 2);
  CHECK_FALSE(officers[0].group);
  CHECK(officers[1].group);
  CHECK(officers[1].name == "pki");
  CHECK(config.host.control.roles.at(Person::Admin).at(0).name == "root");
  CHECK(config.host.log.level == LogLevel::Debug);
  CHECK(config.host.log.format == LogFormat::Json);
  CHECK(config.host.log.file == "/etc/certspan/log/certspan.log");
}

TEST_CASE("what comes from the environment takes the type that its field wants") {
  const Config config = good(R"(version: "${env:VERSION}"
host:
  drain_timeout: "${env:DRAIN}"
  danger_ca_key_in_host: ${env:DANGER:-true}
  listeners: { web: { address: "127.0.0.1:${env:PORT}", limits: { max_connections: "${env:MOST}" } } }
)",
                             {{"VERSION", "1"}, {"DRAIN", "7s"}, {"PORT", "8443"}, {"MOST", "99"}});
  CHECK(config.host.drain_timeout == 7s);
  CHECK(config.host.danger_ca_key_in_host);
  CHECK(config.host.listeners[0].port == 8443);
  CHECK(config.host.listeners[0].max_connections == 99);
}

TEST_CASE("every danger switch that is on is listed with its place, one that is off is not") {
  const std::string text = R"(version: 1
host: { danger_ca_key_in_host: false }
connectors:
  scep: { plugin: ndes, type: scep_server, settings: { danger_sha1: true, endpoints: [ { danger_des: [a] } ], danger_none: [] } }
)";
  Faults faults("f");
  const auto config = parse(text, faults);
  REQUIRE(config);
  REQUIRE(config->dangers.size() == 2);
  CHECK(config->dangers[0].path == "connectors.scep.settings.danger_sha1");
  CHECK(config->dangers[0].mark == place_in(text, "danger_sha1"));
  CHECK(config->dangers[1].path == "connectors.scep.settings.endpoints[0].danger_des");
  const auto told = faults.sorted();
  CHECK(std::any_of(told.begin(), told.end(), [&](const Fault& fault) {
    return fault.code == FaultCode::Danger && fault.severity == Severity::Warning &&
           fault.mark == place_in(text, "danger_sha1") &&
           fault.message == "\"connectors.scep.settings.danger_sha1\" is on";
  }));
}

TEST_CASE("a control socket that only the host's user can reach is told to who gives roles") {
  const auto unreachable = [](const std::string& more) {
    Faults faults("f");
    const auto config = parse("version: 1\nhost:\n  data_dir: /srv/trial\n" + more, faults);
    REQUIRE(config);
    CHECK(config->host.control.socket == "/srv/trial/control.sock");
    return faults.to_text().find("people with a role can't reach") != std::string::npos;
  };
  CHECK_FALSE(unreachable(""));
  CHECK(unreachable("  control: { roles: { viewer: [alice] } }\n"));
}

TEST_CASE("a listener's host is an address or a name that a system can look for") {
  const auto faults_with = [](const std::string& address) {
    Faults faults("f");
    parse("version: 1\nhost:\n  data_dir: /d\n  listeners:\n    a: { address: \"" + address + "\" }\n",
          faults);
    return faults.error_count();
  };
  for (const char* good :
       {"0.0.0.0:443", "[::]:443", "[fe80::1%eth0]:1", "localhost:80", "ca_1.example.com:80"}) {
    CHECK(faults_with(good) == 0);
  }
  for (const char* bad :
       {"300.0.0.1:80", "1.2.3:80", "no such host:80", "[1.2.3.4]:80x", "[::g]:80", ":80"}) {
    INFO(bad);
    CHECK(faults_with(bad) == 1);
  }
}

TEST_CASE("two listeners cannot have one address, and a control socket no path that the system cannot take") {
  Faults faults("f");
  const std::string deep(120, 'd');
  const auto config =
      parse("version: 1\nhost:\n  data_dir: /" + deep +
                "\n  listeners:\n    a: { address: 127.0.0.1:80 }\n    b: { address: 127.0.0.1:80 }\n"
                "    c: { address: 127.0.0.1:0 }\n    d: { address: 127.0.0.1:0 }\n",
            faults);
  REQUIRE(config);
  const auto told = faults.sorted();
  REQUIRE(told.size() == 2);
  CHECK(told[0].message == "the path of the control socket is longer than 107 bytes");
  CHECK(told[1].message == "listener \"b\" has the address of listener \"a\"");
  CHECK(told[1].mark == Mark{6, 5});
}

TEST_CASE("a pipeline takes an item when every label it names matches one of its patterns") {
  const Config config = good(R"(version: 1
connectors:
  s: { plugin: a, type: b }
profiles: { p: {} }
pipelines:
  one:
    source: s
    when: { message: renewal, profile: ["wifi-*", vpn] }
    steps: [ { issue: s, profile: p } ]
    otherwise: reject
)");
  const PipelineConfig& one = config.pipelines[0];
  CHECK(one.takes("renewal", {{"profile", "wifi-guest"}}));
  CHECK(one.takes("renewal", {{"device", "x"}, {"profile", "vpn"}}));
  CHECK_FALSE(one.takes("enrolment", {{"profile", "vpn"}}));
  CHECK_FALSE(one.takes("renewal", {{"profile", "vpn-2"}}));
  CHECK_FALSE(one.takes("renewal", {}));
}

TEST_CASE("the file is read from disk, and relative paths start from its directory") {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "certspan-config-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const fs::path dir = pattern;
  std::ofstream(dir / "c.yaml") << "version: 1\nhost: { data_dir: data }\n";
  Faults faults("c.yaml");
  const auto config = load_config(dir / "c.yaml", faults);
  REQUIRE(config);
  CHECK_FALSE(faults.has_errors());
  CHECK(config->host.data_dir == dir / "data");

  for (const fs::path& bad : {dir / "none.yaml", dir}) {
    Faults told("c.yaml");
    CHECK_FALSE(load_config(bad, told));
    REQUIRE(told.has_errors());
    CHECK(told.sorted()[0].code == FaultCode::Unreadable);
  }
  fs::remove_all(dir);
}

}  // namespace
}  // namespace certspan::test
