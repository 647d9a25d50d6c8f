#include "host/config/check_types.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

TEST_CASE("the example of the architecture page becomes settings, secrets and grants") {
  Faults faults("test.yaml");
  const auto config = parse(kExample, faults);
  REQUIRE(config);
  const PreparedConfig prepared = check_against_types(*config, FakeCatalog(), faults);
  INFO(faults.to_text());
  CHECK_FALSE(faults.has_errors());
  REQUIRE(prepared.connectors.size() == 5);

  const PreparedConnector* scep = prepared.connector("scep");
  REQUIRE(scep);
  CHECK(nlohmann::json::parse(scep->settings) == nlohmann::json{{"listener", "web"}, {"path", "/scep"}});
  REQUIRE(scep->grants.size() == 1);
  CHECK(scep->grants[0].listener == "web");
  CHECK(scep->grants[0].paths == std::vector<std::string>{"/scep"});

  const PreparedConnector* ca = prepared.connector("corp-ca");
  REQUIRE(ca);
  CHECK(nlohmann::json::parse(ca->settings).at("key") == "secret:0");
  REQUIRE(ca->secrets.size() == 1);
  CHECK(to_string(ca->secrets[0]) == "${credential:ca-key}");

  const PreparedConnector* fence = prepared.connector("profile");
  REQUIRE(fence);
  const auto wifi = nlohmann::json::parse(fence->settings).at("profiles").at("wifi");
  CHECK(wifi.at("validity") == 365LL * 86400 * 1000);
  CHECK(fence->place_of("/profiles/wifi/validity") == place_in(kExample, "validity"));
}

/// `kEveryKey` with one piece of text replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text(kEveryKey);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

struct Checked {
  std::vector<Fault> faults;
  std::string report;
  PreparedConfig prepared;
};

Checked check(const std::string& text, const TypeCatalog& catalog = FakeCatalog(),
              const Environment& environment = {}) {
  Faults faults("f");
  const auto config = parse(text, faults, environment);
  REQUIRE(config);
  Checked checked{{}, {}, check_against_types(*config, catalog, faults)};
  checked.faults = faults.sorted();
  std::erase_if(checked.faults, [](const Fault& fault) { return fault.code == FaultCode::Danger; });
  checked.report = faults.to_text();
  return checked;
}

/// The only fault, which must be of this code and stand at `place`.
Fault only(const std::string& text, FaultCode code, std::string_view place,
           const TypeCatalog& catalog = FakeCatalog()) {
  const Checked checked = check(text, catalog);
  INFO(checked.report);
  REQUIRE(checked.faults.size() == 1);
  CHECK(checked.faults[0].code == code);
  CHECK(checked.faults[0].mark == place_in(text, place));
  return checked.faults[0];
}

nlohmann::json settings_of(const Checked& checked, std::string_view connector) {
  const PreparedConnector* prepared = checked.prepared.connector(connector);
  REQUIRE(prepared);
  return nlohmann::json::parse(prepared->settings);
}

TEST_CASE("units become integers, references tokens, and numbers and truth values keep their types") {
  const Checked checked = check(std::string(kEveryKey));
  INFO(checked.report);
  REQUIRE(checked.faults.empty());
  const auto scep = settings_of(checked, "scep");
  CHECK(scep.at("cache") == 65536);
  CHECK(scep.at("poll_interval") == 30'000);
  CHECK(scep.at("max_polls") == 10);
  CHECK(scep.at("danger_sha1") == false);
  CHECK(scep.at("ra").at("key") == "secret:0");
  CHECK(scep.at("extra_capabilities") == nlohmann::json{"SHA-384"});
  CHECK(settings_of(checked, "acme").at("ratio") == 0.5);
  CHECK_FALSE(checked.prepared.connector("acme")->required);
  CHECK(checked.prepared.connector("acme")->concurrency == 8);
  CHECK(checked.prepared.connector("password")->uses == std::vector<std::string>{"scep"});
}

TEST_CASE("a file's path counts from the YAML file, and an absolute one stays as it is") {
  FakeCatalog catalog;
  catalog.remove("ca_local");
  catalog.add({"ca_local",
               "ca",
               "",
               R"({
    "type": "object", "additionalProperties": false, "properties": {
      "key": {"type": "string", "x-certspan-secret": true},
      "certificate_file": {"type": "string", "x-certspan-path": true}}})",
               {Role::Issuer},
               CERTSPAN_TYPE_HOLDS_CA_KEY});
  const auto path_of = [&](const std::string& written) {
    std::string text(kExample);
    const std::size_t at = text.find("ca.pem");
    text.replace(at, std::string("ca.pem").size(), written);
    return settings_of(check(text, catalog), "corp-ca").at("certificate_file").get<std::string>();
  };
  CHECK(path_of("ca.pem") == "/etc/certspan/ca.pem");
  CHECK(path_of("../pki/./ca.pem") == "/etc/pki/ca.pem");
  CHECK(path_of("/srv/ca.pem") == "/srv/ca.pem");
}

TEST_CASE("all paths of an endpoint are granted on its listener") {
  const Checked checked = check(std::string(kEveryKey));
  const PreparedConnector* scep = checked.prepared.connector("scep");
  REQUIRE(scep);
  REQUIRE(scep->grants.size() == 1);
  CHECK(scep->grants[0].listener == "web");
  CHECK(scep->grants[0].paths == std::vector<std::string>{"/scep", "/certsrv/mscep/mscep.dll"});
  CHECK(checked.prepared.connector("password")->grants.empty());
}

TEST_CASE("paths are granted on the listener that stands nearest to them") {
  FakeCatalog catalog;
  catalog.add({"many",
               "server",
               "",
               R"({
    "type": "object", "additionalProperties": false, "properties": {
      "endpoints": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
        "listener": {"type": "string", "x-certspan-listener": true},
        "path": {"type": "string", "x-certspan-route": true}}}}}})",
               {Role::Source},
               0});
  const Checked checked = check(
      with("    plugin: ndes\n    type: scep_server\n    settings:\n      listener: web\n      path: /scep\n",
           "    plugin: many\n    type: server\n    settings:\n      endpoints: [{listener: web, path: /a}, "
           "{listener: other, path: /b}]\n"),
      catalog);
  const PreparedConnector* scep = checked.prepared.connector("scep");
  REQUIRE(scep);
  REQUIRE(scep->grants.size() == 2);
  CHECK(scep->grants[0].listener == "web");
  CHECK(scep->grants[0].paths == std::vector<std::string>{"/a"});
  CHECK(scep->grants[1].listener == "other");
  CHECK(scep->grants[1].paths == std::vector<std::string>{"/b"});
}

TEST_CASE("passwords cross a network under TLS only, unless the file says otherwise") {
  FakeCatalog catalog;
  catalog.add({"desk",
               "desk",
               "",
               R"({
    "type": "object", "additionalProperties": false, "properties": {
      "door": {"type": "object", "additionalProperties": false, "properties": {
        "listener": {"type": "string", "x-certspan-listener": true, "x-certspan-takes-passwords": "danger_plain"},
        "danger_plain": {"type": "boolean"}}}}})",
               {Role::Validator},
               0});
  struct Case {
    std::string listener;
    std::string door;
    bool refused;
  };
  const std::string tls = ", tls: { certificate_file: web.pem, key: \"${file:web.key}\" }";
  for (const Case& c : {
           Case{"address: \"0.0.0.0:443\"" + tls, "listener: web", false},
           Case{"address: \"0.0.0.0:80\"", "listener: web", true},
           Case{"address: \"[::]:80\"", "listener: web", true},
           Case{"address: \"10.0.0.1:80\"", "listener: web", true},
           Case{"address: \"127.example.com:80\"", "listener: web", true},
           Case{"address: \"127.0.0.1:80\"", "listener: web", false},
           Case{"address: \"127.9.9.9:80\"", "listener: web", false},
           Case{"address: \"[::1]:80\"", "listener: web", false},
           Case{"address: \"localhost:80\"", "listener: web", false},
           Case{"address: \"0.0.0.0:80\"", "listener: web, danger_plain: true", false},
           Case{"address: \"0.0.0.0:80\"", "listener: web, danger_plain: false", true},
       }) {
    std::string text(kExample);
    const auto put = [&](std::string_view from, const std::string& to) {
      REQUIRE(text.find(from) != std::string::npos);
      text.replace(text.find(from), from.size(), to);
    };
    put("address: \"0.0.0.0:443\"" + tls, c.listener);
    put("plugin: ndes,        type: challenge,   settings: { static: \"${file:/run/credentials/challenge}\" "
        "}",
        "plugin: desk, type: desk, settings: { door: { " + c.door + " } }");
    const Checked checked = check(text, catalog);
    INFO(text << checked.report);
    CHECK((std::ranges::count(checked.faults, FaultCode::ClearPasswords, &Fault::code) == 1) == c.refused);
    CHECK((checked.report.find("would cross the network in the clear") != std::string::npos) == c.refused);
  }
}

TEST_CASE("what only one connector may take from is told when a second one does") {
  FakeCatalog catalog;
  catalog.add(
      {"poller",
       "queue",
       "",
       R"({"type": "object", "additionalProperties": false, "x-certspan-alone": "tenant", "properties": {
        "tenant": {"type": "string"}}})",
       {Role::Validator},
       0});
  const auto two = [&](const std::string& tenant) {
    return check(with("connectors:\n",
                      "connectors:\n  first:\n    plugin: poller\n    type: queue\n    settings: { tenant: "
                      "one.example }\n"
                      "  second:\n    plugin: poller\n    type: queue\n    settings: { tenant: " +
                          tenant + " }\n"),
                 catalog);
  };
  const std::string complaint = "connectors \"first\" and \"second\" have the same \"tenant\"";
  CHECK(two("two.example").report.find(complaint) == std::string::npos);
  CHECK(two("One.Example").report.find(complaint) != std::string::npos);
}

TEST_CASE("a token stands for the reference at its place in the list") {
  const Checked checked = check(with("token: \"${credential:acme}\"", "token: \"${file:token}\""));
  const PreparedConnector* acme = checked.prepared.connector("acme");
  REQUIRE(acme);
  CHECK(settings_of(checked, "acme").at("token") == "secret:0");
  REQUIRE(acme->secrets.size() == 1);
  CHECK(to_string(acme->secrets[0]) == "${file:/etc/certspan/token}");
  CHECK(acme->settings.find("certspan/token") == std::string::npos);
}

TEST_CASE("a secret written into the file is refused and nowhere repeated") {
  const Checked checked = check(with("static: \"${file:/run/credentials/x}\"", "static: hunter2"));
  REQUIRE(checked.faults.size() == 1);
  CHECK(checked.faults[0].code == FaultCode::SecretLiteral);
  CHECK(checked.report.find("hunter2") == std::string::npos);
  const PreparedConnector* password = checked.prepared.connector("password");
  REQUIRE(password);
  CHECK(password->settings.find("hunter2") == std::string::npos);
}

TEST_CASE("a secret that is written out in a wrong place or form is not repeated either") {
  const std::string wrong =
      GENERATE("settings: { static: [hunter2] }", "settings: { static: { a: hunter2 } }", "static: hunter2",
               "settings: hunter2", "settings: [hunter2]");
  CAPTURE(wrong);
  const Checked checked = check(
      with("settings: { static: \"${file:/run/credentials/x}\", endpoint: scep, lifetime: 1h }", wrong));
  REQUIRE_FALSE(checked.faults.empty());
  CHECK(checked.report.find("hunter2") == std::string::npos);
}

TEST_CASE("a secret from the environment is refused too, and its value not shown") {
  const Checked checked = check(with("static: \"${file:/run/credentials/x}\"", "static: \"${env:PASSWORD}\""),
                                FakeCatalog(), {{"PASSWORD", "hunter2"}});
  REQUIRE(checked.faults.size() == 1);
  CHECK(checked.faults[0].code == FaultCode::SecretLiteral);
  CHECK(checked.report.find("hunter2") == std::string::npos);
}

TEST_CASE("settings from the environment take the type that the schema wants") {
  const Checked checked =
      check(with("max_polls: 10", "max_polls: \"${env:POLLS}\""), FakeCatalog(), {{"POLLS", "3"}});
  CHECK(checked.faults.empty());
  CHECK(settings_of(checked, "scep").at("max_polls") == 3);
  const Checked text =
      check(with("url: \"https://ca.example\"", "url: \"${env:URL}\""), FakeCatalog(), {{"URL", "12"}});
  CHECK(text.faults.empty());
  CHECK(settings_of(text, "acme").at("url") == "12");
}

TEST_CASE("profiles go to every type that asks for them, and a fault in one is told once") {
  FakeCatalog catalog;
  catalog.remove("ca_local");
  catalog.add({"ca_local",
               "ca",
               "",
               R"({"type": "object", "additionalProperties": false, "properties": {
      "certificate_file": {"type": "string"}, "key": {"type": "string", "x-certspan-secret": true},
      "profiles": {"type": "object", "x-certspan-profiles": true, "additionalProperties": {"type": "object",
        "additionalProperties": false, "properties": {"validity": {"x-certspan-duration": true},
        "subject": {}, "san": {}, "key_usage": {}, "eku": {}, "keys": {}}}}}})",
               {Role::Issuer, Role::Revoker},
               0});
  const Checked good = check(std::string(kEveryKey), catalog);
  INFO(good.report);
  CHECK(good.faults.empty());
  CHECK(settings_of(good, "corp-ca").at("profiles").at("web").at("validity") == 90LL * 86400 * 1000);
  only(with("validity: 90d", "validity: 90"), FaultCode::Unit, "90 }", catalog);
  only(with("validity: 90d", "validity: 90d, vality: 1d"), FaultCode::UnknownKey, "vality", catalog);
}

TEST_CASE("the host makes the fence by itself wherever a certificate is issued") {
  const Checked with_pipelines = check(std::string(kEveryKey));
  CHECK(with_pipelines.prepared.connector("profile") != nullptr);
  const Checked without = check("version: 1\nconnectors: {}\n");
  CHECK(without.prepared.connector("profile") == nullptr);
}

TEST_CASE("without the fence nothing is issued") {
  FakeCatalog catalog;
  catalog.remove("profile");
  CHECK(only(std::string(kEveryKey), FaultCode::UnknownName, "dirs:", catalog).message ==
        "the bundled plugin \"profile\", which fences every issuer, is not found");
  catalog.refuse("profile", "built for another machine");
  CHECK(only(std::string(kEveryKey), FaultCode::UnknownName, "dirs:", catalog)
            .message.ends_with("built for another machine"));
}

TEST_CASE("the fence may stand in the file, under its own name only") {
  const Checked own = check(with("profiles:\n", "  profile: { plugin: profile, type: fence }\nprofiles:\n"));
  INFO(own.report);
  CHECK(own.faults.empty());
  CHECK(own.prepared.connector("profile")->settings.find("validity") != std::string::npos);
  const std::string text =
      with("profiles:\n", "  profile: { plugin: com.acme.ca, type: ca, settings: { url: x } }\nprofiles:\n");
  const Checked other = check(text);
  REQUIRE(!other.faults.empty());
  CHECK(other.faults[0].code == FaultCode::Conflict);
  const Checked optional =
      check(with("profiles:\n", "  profile: { plugin: profile, type: fence, required: false }\nprofiles:\n"));
  REQUIRE(optional.faults.size() == 1);
  CHECK(optional.faults[0].message == "the fence of every issuer can not be optional");
}

TEST_CASE("a CA key in the host needs the admin's word") {
  const Fault fault = only(with("danger_ca_key_in_host: true", "danger_ca_key_in_host: false"),
                           FaultCode::CaKeyInHost, "ca, isolation: in_process");
  CHECK(fault.suggestion.find("remove `isolation: in_process`") != std::string::npos);
  CHECK(fault.suggestion.find("danger_ca_key_in_host: true") != std::string::npos);
}

TEST_CASE("a CA key in a worker process needs nobody's word") {
  std::string text = with("type: ca, isolation: in_process, settings:", "type: ca, settings:");
  const std::string word = "  danger_ca_key_in_host: true\n";
  text.erase(text.find(word), word.size());
  CHECK(check(text).faults.empty());
}

TEST_CASE(
    "a worker gets the network when its plugin asks for it and the admin grants it, and not otherwise") {
  FakeCatalog catalog;
  catalog.open_sockets("scep_server");
  const Checked both = check(with("network: false", "network: true"), catalog);
  CHECK(both.faults.empty());
  CHECK(both.prepared.connector("scep")->network);
  const Fault not_granted = only(std::string(kEveryKey), FaultCode::Conflict, "scep:", catalog);
  CHECK(not_granted.message.find("say `network: true` there if it shall") != std::string::npos);
  const std::string granted_in_vain =
      with("type: ca, isolation: in_process, settings:", "type: ca, network: true, settings:");
  CHECK(only(granted_in_vain, FaultCode::Conflict, "corp-ca:").message.find("remove `network: true`") !=
        std::string::npos);
  CHECK_FALSE(check(granted_in_vain).prepared.connector("corp-ca")->network);
}

TEST_CASE("a network source reaches an issuer past a validator, or by the admin's word") {
  // In kEveryKey the pipeline `renewals` has the admin's word, `wifi` a validator, which is taken away here,
  // and with it the tests, which name it.
  std::string text = with("      - validate: password\n", "");
  text.resize(text.find("tests:\n"));
  const Checked checked = check(text);
  REQUIRE(checked.faults.size() == 2);
  CHECK(checked.faults[0].code == FaultCode::Unused);
  CHECK(checked.faults[1].code == FaultCode::OpenEnrolment);
  CHECK(checked.faults[1].severity == Severity::Error);
  CHECK(checked.faults[1].mark == place_in(text, "issue: [corp-ca, acme]"));
}

TEST_CASE("a source that is not on the network needs no validator") {
  FakeCatalog catalog;
  catalog.add(
      {"drop", "folder", "", R"({"type": "object", "additionalProperties": false})", {Role::Source}, 0});
  const Checked checked = check(
      "version: 1\nconnectors:\n  in: { plugin: drop, type: folder }\n"
      "  acme: { plugin: com.acme.ca, type: ca, settings: { url: x } }\nprofiles: { p: { validity: 1d } }\n"
      "pipelines: { one: { source: in, steps: [ { issue: acme, profile: p } ] } }\n",
      catalog);
  INFO(checked.report);
  CHECK(checked.faults.empty());
}

TEST_CASE("a plugin that is missing stops the host, unless its connector is not required") {
  FakeCatalog catalog;
  catalog.remove("com.acme.ca");
  const Checked optional = check(std::string(kEveryKey), catalog);
  REQUIRE(optional.faults.size() == 1);
  CHECK(optional.faults[0].severity == Severity::Warning);
  CHECK(optional.faults[0].message.find("the host runs without this connector") != std::string::npos);
  CHECK(optional.prepared.connector("acme") == nullptr);

  catalog.refuse("com.acme.ca", "plugin.truncated: the file is cut off");
  const Checked required = check(with("required: false, ", ""), catalog);
  REQUIRE(required.faults.size() == 1);
  CHECK(required.faults[0].severity == Severity::Error);
  CHECK(required.faults[0].message ==
        "plugin \"com.acme.ca\" is refused: plugin.truncated: the file is cut off");
}

TEST_CASE("what only a full JSON Schema validator sees is told at its place too") {
  only(with("extra_capabilities: [SHA-384]", "extra_capabilities: [SHA-384, AES, SHA-384]"),
       FaultCode::Settings, "extra_capabilities");
}

TEST_CASE("a schema that is none is the plugin's fault") {
  FakeCatalog catalog;
  catalog.add({"odd", "one", "", "{", {Role::Issuer}, 0});
  catalog.add({"odd", "two", "", R"({"properties": 5})", {Role::Issuer}, 0});
  for (const char* type : {"one", "two"}) {
    const std::string text =
        std::string("version: 1\nconnectors:\n  x: { plugin: odd, type: ") + type + " }\n";
    const Checked checked = check(text, catalog);
    INFO(checked.report);
    CHECK(std::any_of(checked.faults.begin(), checked.faults.end(), [](const Fault& fault) {
      return fault.code == FaultCode::Plugin && fault.suggestion == "tell the plugin's vendor";
    }));
  }
}

TEST_CASE("a plugin's own fault is told at the key it points at, or the nearest around it") {
  const std::string text(kEveryKey);
  const Checked checked = check(text);
  const PreparedConnector* scep = checked.prepared.connector("scep");
  REQUIRE(scep);
  CHECK(scep->place_of("/ra/certificate_file") == place_in(text, "certificate_file: ra.pem"));
  CHECK(scep->place_of("/aliases/0") == place_in(text, "/certsrv"));
  CHECK(scep->place_of("/ra/none/at/all") == place_in(text, "ra: {"));
  CHECK(scep->place_of("") == place_in(text, "settings:\n      listener"));
  CHECK(scep->place_of("no pointer") == Mark{});
  Faults faults("f");
  add_plugin_fault(*scep, "/ra/key", "the key is no RSA key", faults);
  REQUIRE(faults.sorted().size() == 1);
  CHECK(faults.sorted()[0].mark == place_in(text, "key: \"${credential:ra-key}\""));
  CHECK(faults.sorted()[0].message == "connector \"scep\": the key is no RSA key");
}

TEST_CASE("a plugin says nothing of a value that has a fault already") {
  const Checked checked = check(with("max_polls: 10", "max_polls: many"));
  REQUIRE(checked.faults.size() == 1);
  const PreparedConnector* scep = checked.prepared.connector("scep");
  REQUIRE(scep);
  Faults faults("f");
  add_plugin_fault(*scep, "/max_polls", "must be a number", faults);
  CHECK(faults.empty());
  add_plugin_fault(*scep, "/ra/key", "the key is no RSA key", faults);
  CHECK(faults.error_count() == 1);
}

TEST_CASE("a secret of all devices that reaches a CA of somebody else is told") {
  FakeCatalog catalog;
  catalog.add({"ndes",
               "shared",
               "a challenge for all",
               R"({"type": "object", "properties": {
      "static": {"type": "string", "x-certspan-secret": true, "x-certspan-shared-secret": true}}})",
               {Role::Validator},
               0});
  const std::string one_for_all = "type: shared, settings: { static: \"${file:/run/credentials/x}\" }";
  std::string text = with(
      "type: challenge, settings: { static: \"${file:/run/credentials/x}\", endpoint: scep, lifetime: 1h }",
      one_for_all);
  const Fault fault = only(text, FaultCode::SharedChallenge, "acme]", catalog);
  CHECK(fault.severity == Severity::Warning);
  CHECK(fault.message.find("CA \"acme\" sees the challenge that \"password\"") == 0);
  text.replace(text.find("[corp-ca, acme]"), 15, "corp-ca");
  CHECK(check(text, catalog).faults.empty());
}

TEST_CASE("a label in `when` is one that the source's items may have") {
  const Fault fault = only(with("when: { ", "when: { adress: \"10.*\", "), FaultCode::UnknownName, "adress");
  CHECK(fault.message == "the items of source \"scep\" have no label \"adress\"");
  CHECK(fault.suggestion == "did you mean \"address\"?");
}

TEST_CASE("text that is long enough to exhaust a regular expression is refused before") {
  const Checked checked = check(with("[SHA-384]", "[" + std::string(200'000, 'a') + "]"));
  REQUIRE(!checked.faults.empty());
  CHECK(checked.faults[0].code == FaultCode::Settings);
}

TEST_CASE("settings beyond what the contract allows are refused") {
  const Checked checked =
      check(with("url: \"https://ca.example\"", "url: \"" + std::string(300'000, 'u') + "\""));
  REQUIRE(checked.faults.size() == 1);
  CHECK(checked.faults[0].code == FaultCode::TooLarge);
}

TEST_CASE("secrets that cannot be opened are errors, those of another user or of systemd warnings") {
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const Checked checked = check(std::string(kEveryKey));
  Faults faults("f");
  check_secrets_readable(checked.prepared, faults);
  const auto told = faults.sorted();
  REQUIRE(told.size() == 4);
  CHECK(told[0].mark == place_in(kEveryKey, "\"${credential:ra-key}\""));
  CHECK(told[0].severity == Severity::Warning);
  CHECK(told[1].mark == place_in(kEveryKey, "\"${file:/run/credentials/x}\""));
  CHECK(told[1].severity == Severity::Error);
}

}  // namespace
}  // namespace certspan::test
