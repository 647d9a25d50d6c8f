#include "plugins/ca_local/settings.hpp"

#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/connector/fault_list.hpp"
#include "tests/plugins/ca_local/ca_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::TestCa;
using nlohmann::json;
using test::faults_of;
using test::settings_for;

std::map<std::string, std::string> fault_map(const json& settings) {
  std::map<std::string, std::string> found;
  for (const auto& fault : faults_of(settings)) found[fault.pointer] = fault.message;
  return found;
}

/// The first fault of `create`.
std::string create_fault(const json& settings, const std::string& key_pem) {
  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = key_pem;
  sdk::testing::FaultRecorder faults;
  certspan_instance* instance = nullptr;
  const auto outcome = test::ca_type().create(host.c_host(), sdk::to_abi(std::string_view("ca")),
                                              sdk::to_abi(settings.dump()), faults.sink(), &instance);
  if (outcome == CERTSPAN_OK) {
    test::ca_type().destroy(instance);
    return "";
  }
  REQUIRE(faults.faults().size() == 1);
  return faults.faults().front().pointer + " " + faults.faults().front().message;
}

TEST_CASE("good settings have no fault, and say what stands in certificates") {
  const TestCa ca;
  json settings = settings_for(ca);
  settings["crl_urls"] = {"http://pki.example/a.crl", "http://pki2.example/a.crl"};
  settings["ca_issuers_urls"] = {"http://pki.example/a.cer"};
  settings["longest_validity"] = "398d";
  CHECK(faults_of(settings).empty());
  CHECK(create_fault(settings, ca.key_pem()).empty());

  connector::FaultList list;
  sdk::Faults faults = list.faults();
  const Settings read = read_settings(settings.dump(), faults);
  CHECK(list.empty());
  CHECK(read.rules.crl_urls.size() == 2);
  CHECK(read.rules.backdate == std::chrono::minutes(5));
  CHECK(read.rules.longest_validity == std::chrono::hours(24 * 398));
  CHECK(read.profiles.contains("wifi"));
}

TEST_CASE("certificates must last longer than they are dated back") {
  const TestCa ca;
  json settings = settings_for(ca);
  settings["longest_validity"] = "2h";
  settings["backdate"] = "2h";
  REQUIRE(fault_map(settings).size() == 1);
  CHECK(fault_map(settings).begin()->first == "/longest_validity");
  settings["backdate"] = "119m";
  CHECK(fault_map(settings).empty());
}

TEST_CASE("every fault of the settings is reported at its place in one run") {
  const json settings = {{"certificate_file", "/nowhere/ca.pem"},
                         {"key", ""},
                         {"crl_urls", {"http://ok.example/", "https://pki.example/ca.crl", "http:///x", 7}},
                         {"ca_issuers_urls", "http://pki.example/"},
                         {"longest_validity", "5"},
                         {"backdate", "2d"}};
  const auto faults = fault_map(settings);
  std::set<std::string> pointers;
  for (const auto& [pointer, message] : faults) pointers.insert(pointer);
  CHECK(pointers == std::set<std::string>{"/certificate_file", "/key", "/crl_urls/1", "/crl_urls/2",
                                          "/crl_urls/3", "/ca_issuers_urls", "/longest_validity",
                                          "/backdate"});
  CHECK(faults.at("/certificate_file").find("/nowhere/ca.pem") != std::string::npos);
}

TEST_CASE("what is missing is a fault of the whole") {
  CHECK(faults_of(json::object()).size() == 2);
  CHECK(faults_of(json::array()).size() == 1);
}

TEST_CASE("a certificate that can't issue is refused with the reason") {
  const TestCa ca;
  const auto fault_with = [&](const std::string& make) {
    pki::test::must_run(ca.dir(), make);
    json settings = settings_for(ca);
    settings["certificate_file"] = ca.dir().path("other.pem");
    return fault_map(settings)["/certificate_file"];
  };
  const std::string req =
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -subj /CN=x ";
  CHECK(fault_with(req + "-addext basicConstraints=critical,CA:FALSE").find("CA:TRUE") != std::string::npos);
  CHECK(fault_with(req + "-addext keyUsage=critical,cRLSign").find("keyCertSign") != std::string::npos);
  CHECK(fault_with(req).find("keyCertSign") != std::string::npos);
  CHECK(fault_with("echo nothing > other.pem") != "");
  CHECK(fault_with(
            "printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n' > other.pem") !=
        "");
  const std::string weak =
      "openssl req -x509 -newkey rsa:1024 -nodes -keyout other.key -out other.pem -subj /CN=x "
      "-addext keyUsage=critical,keyCertSign";
  CHECK(fault_with(weak).find("weak") != std::string::npos);
  const std::string unrelated =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out o.pem "
      "-subj /CN=y -addext keyUsage=critical,keyCertSign && cat ca.pem o.pem > other.pem";
  CHECK(fault_with(unrelated).find("not signed by the next") != std::string::npos);
}

TEST_CASE("the certificate's path must be absolute") {
  const TestCa ca;
  json settings = settings_for(ca);
  settings["certificate_file"] = "ca.pem";
  CHECK(fault_map(settings)["/certificate_file"] == "must be an absolute path, not \"ca.pem\"");
}

TEST_CASE("an expired CA certificate is refused, and one that is not valid yet") {
  const TestCa ca;
  pki::test::must_run(
      ca.dir(),
      "printf '[ca]\\n' > c.cnf && openssl x509 -in ca.pem -signkey ca.key -days -1 -out expired.pem");
  json settings = settings_for(ca);
  settings["certificate_file"] = ca.dir().path("expired.pem");
  CHECK(fault_map(settings)["/certificate_file"].find("expired at") != std::string::npos);

  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = ca.key_pem();
  host.advance(-std::chrono::hours(24));
  CHECK_THROWS_WITH(sdk::testing::ConnectorUnderTest(test::ca_type(), host, settings_for(ca).dump()),
                    Catch::Contains("not valid before"));
}

TEST_CASE("the key must be there, be a key, and be the certificate's") {
  const TestCa ca;
  const TestCa other("rsa:2048");
  CHECK(create_fault(settings_for(ca), other.key_pem()).find("/key the key does not belong") == 0);
  CHECK(create_fault(settings_for(ca), "no key").find("/key is no private key") == 0);
  CHECK(create_fault(settings_for(ca), "").find("/key is no private key") == 0);
  json settings = settings_for(ca);
  settings["key"] = "secret:9";
  CHECK(create_fault(settings, ca.key_pem()).find("/key the key can't be opened") == 0);
}

TEST_CASE("profiles are the fence's to report, but a CA is not made with a faulty one") {
  const TestCa ca;
  json settings = settings_for(ca);
  settings["profiles"]["wifi"]["validity"] = "365";
  CHECK(faults_of(settings).empty());
  CHECK(create_fault(settings, ca.key_pem()).find("/profiles/wifi/validity") == 0);
}

TEST_CASE("no message holds anything of the key") {
  const TestCa ca;
  const std::string fault = create_fault(settings_for(ca), ca.key_pem().substr(0, ca.key_pem().size() / 2));
  REQUIRE_FALSE(fault.empty());
  CHECK(fault.find(ca.key_pem().substr(40, 16)) == std::string::npos);
}

TEST_CASE("the published schema is JSON in which every field is described and the key is a secret") {
  const json schema = json::parse(test::ca_type().settings_schema);
  CHECK(schema.at("additionalProperties") == false);
  for (const auto& [name, field] : schema.at("properties").items()) {
    CAPTURE(name);
    CHECK_FALSE(field.at("description").get<std::string>().empty());
  }
  CHECK(schema.at("properties").at("key").at("x-certspan-secret") == true);
  CHECK(schema.at("properties").at("profiles").at("x-certspan-profiles") == true);
}

}  // namespace
}  // namespace certspan::ca_local
