#include "plugins/ndes/scep_server/scep_server.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <certspan/testing/recorders.hpp>

#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {

using namespace certspan::test;
using sdk::testing::FaultRecorder;

namespace {

// Faults of validate_config, "pointer: message" each.
std::vector<std::string> faults_of(const nlohmann::json& settings) {
  FaultRecorder recorder;
  const std::string text = settings.dump();
  const auto outcome =
      sdk::ConnectorType<ScepServer>::kTable.validate_config(sdk::to_abi(text), recorder.sink());
  CHECK((outcome == CERTSPAN_OK) == recorder.faults().empty());
  std::vector<std::string> faults;
  for (const auto& fault : recorder.faults()) faults.push_back(fault.pointer + ": " + fault.message);
  return faults;
}

std::string fault_with_ra(const TestKey& key, const CertificateOptions& options,
                          const nlohmann::json& changes = nlohmann::json::object()) {
  const pki::test::TempDir directory;
  directory.write("ra.pem", to_pem_certificate(make_certificate(key, options)));
  auto settings = settings_for(directory);
  settings.merge_patch(changes);
  const auto faults = faults_of(settings);
  return faults.empty() ? "" : faults.front();
}

TEST_CASE("the CRL's path must not hide the endpoint") {
  const Endpoint endpoint;
  for (const char* path : {"/scep", "/"}) {
    auto settings = endpoint.settings;
    settings["crl_path"] = path;
    CHECK(faults_of(settings) ==
          std::vector<std::string>{
              "/crl_path: must not be the path of the endpoint or above it: SCEP answers there"});
  }
}

constexpr int kBothUsages = kDigitalSignature | kKeyEncipherment;

}  // namespace

TEST_CASE("GetCACaps lists what is offered, one word a line") {
  Endpoint endpoint;
  const auto exchange = endpoint.http("GET", "operation=GetCACaps&message=whatever");
  REQUIRE(exchange.endings == 1);
  CHECK(exchange.response->status == 200);
  CHECK(exchange.response->content_type == "text/plain");
  CHECK(body_text(exchange) == "AES\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-256\nSHA-512\nSHA-384\n");
}

TEST_CASE("GetCACaps names old algorithms only where a danger switch allows them") {
  Endpoint endpoint(
      {{"danger_allow_3des", true}, {"danger_allow_sha1", true}, {"extra_capabilities", {"X", "Y"}}});
  CHECK(body_text(endpoint.http("GET", "operation=GetCACaps")) ==
        "AES\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-256\nSHA-512\nDES3\nSHA-1\nX\nY\n");
}

TEST_CASE("GetCACaps lists the words of the settings in their order and with their line ends") {
  Endpoint endpoint(
      {{"capabilities", {"SHA-256", "AES", "POSTPKIOperation"}}, {"capabilities_line_end", "crlf"}});
  CHECK(body_text(endpoint.http("GET", "operation=GetCACaps")) == "SHA-256\r\nAES\r\nPOSTPKIOperation\r\n");
  endpoint.host.next_ca_message = {1, 2, 3};
  endpoint.host.advance(std::chrono::seconds(11));
  CHECK(body_text(endpoint.http("GET", "operation=GetCACaps")).ends_with("\r\nGetNextCACert\r\n"));
}

TEST_CASE("GetNextCACert is offered and answered while a CA tells of its successor") {
  Endpoint endpoint;
  const std::string word = "GetNextCACert\n";
  const auto caps = [&] {
    endpoint.host.advance(std::chrono::seconds(11));
    return body_text(endpoint.http("GET", "operation=GetCACaps"));
  };
  CHECK(caps().find(word) == std::string::npos);
  CHECK(endpoint.http("GET", "operation=GetNextCACert").response->status == 404);
  endpoint.host.next_ca_message = {1, 2, 3};
  CHECK(caps().ends_with(word));
  const auto told = endpoint.http("GET", "operation=GetNextCACert&message=ca");
  CHECK(told.response->status == 200);
  CHECK(told.response->content_type == "application/x-x509-next-ca-cert");
  CHECK(told.response->body == Bytes{1, 2, 3});
  endpoint.host.issuers_outcome = sdk::Outcome::Unavailable;
  CHECK(caps().find(word) == std::string::npos);
  CHECK(endpoint.http("GET", "operation=GetNextCACert").response->status == 503);
}

TEST_CASE("GetCACert gives RA and issuing CA, the RA first, and ignores the message") {
  Endpoint endpoint;
  const TestKey root_key = TestKey::ec();
  endpoint.host.chains.emplace_back("corp-ca",
                                    make_certificate(root_key, {.common_name = "Root", .ca = true}));
  const std::string query =
      GENERATE("operation=GetCACert", "operation=GetCACert&message=0", "OPERATION=getcacert&message=%%%");
  const auto exchange = endpoint.http("GET", query);
  REQUIRE(exchange.response->status == 200);
  CHECK(exchange.response->content_type == "application/x-x509-ca-ra-cert");
  CHECK(read_certificates_only(exchange.response->body) ==
        std::vector<Bytes>{endpoint.ra_certificate, endpoint.ca_certificate});
}

TEST_CASE("GetCACert gives the RA alone as plain DER where the settings say so") {
  Endpoint endpoint(nlohmann::json{{"ca_certificates", "ra_only"}});
  const auto exchange = endpoint.http("GET", "operation=GetCACert");
  CHECK(exchange.response->content_type == "application/x-x509-ca-cert");
  CHECK(exchange.response->body == endpoint.ra_certificate);
}

TEST_CASE("GetCACert gives the whole chain once where the settings say so") {
  Endpoint endpoint(nlohmann::json{{"ca_certificates", "chain"}});
  const Bytes root = make_certificate(TestKey::ec(), {.common_name = "Root", .ca = true});
  endpoint.host.advance(std::chrono::minutes(1));
  endpoint.host.chains = {{"corp-ca", endpoint.ca_certificate},
                          {"corp-ca", root},
                          {"corp-ca-2", endpoint.ca_certificate},
                          {"corp-ca-2", root}};
  const auto exchange = endpoint.http("GET", "operation=GetCACert");
  CHECK(read_certificates_only(exchange.response->body) ==
        std::vector<Bytes>{endpoint.ra_certificate, endpoint.ca_certificate, root});
}

TEST_CASE("GetCACert leaves the root out where the settings say so, unless it issues itself") {
  Endpoint endpoint(nlohmann::json{{"ca_certificates", "chain_without_root"}});
  const TestKey root_key = TestKey::ec();
  const Bytes root = make_certificate(root_key, {.common_name = "Root", .ca = true});
  const Bytes middle =
      make_certificate(TestKey::ec(), {.common_name = "Middle", .ca = true}, &root, &root_key);
  endpoint.host.advance(std::chrono::minutes(1));
  endpoint.host.chains = {{"corp-ca", middle}, {"corp-ca", root}, {"corp-ca-2", endpoint.ca_certificate}};
  const auto exchange = endpoint.http("GET", "operation=GetCACert");
  CHECK(read_certificates_only(exchange.response->body) ==
        std::vector<Bytes>{endpoint.ra_certificate, middle, endpoint.ca_certificate});
}

TEST_CASE("GetCACert asks to come back while no CA is there") {
  Endpoint endpoint(nlohmann::json::object(), false);
  const auto exchange = endpoint.http("GET", "operation=GetCACert");
  CHECK(exchange.response->status == 503);
  CHECK(exchange.response->retry_after_s > 0);
}

TEST_CASE("what is no SCEP operation is answered with one line of text") {
  Endpoint endpoint;
  const auto [method, query, status] = GENERATE(
      table<std::string, std::string, std::uint32_t>({{"GET", "", 400},
                                                      {"GET", "operation=GetEverything", 400},
                                                      {"PUT", "operation=PKIOperation", 501},
                                                      {"DELETE", "", 501},
                                                      {"GET", "operation=PKIOperation", 400},
                                                      {"GET", "operation=PKIOperation&message=%%%", 400},
                                                      {"GET", "operation=PKIOperation&message=MIIC", 400},
                                                      {"POST", "operation=PKIOperation", 400}}));
  CAPTURE(method, query);
  const auto exchange = endpoint.http(method, query);
  REQUIRE(exchange.endings == 1);
  CHECK(exchange.response->status == status);
  CHECK(exchange.response->content_type == "text/plain");
  CHECK(std::ranges::count(exchange.response->body, '\n') == 1);
}

TEST_CASE("every path of the settings is taken, with long request lines") {
  Endpoint endpoint(nlohmann::json{{"more_paths", {"/certsrv/mscep/mscep.dll"}}, {"max_message", 32768}});
  REQUIRE(endpoint.host.routes.size() == 2);
  CHECK(endpoint.host.routes[0].path == "/scep");
  CHECK(endpoint.host.routes[1].path == "/certsrv/mscep/mscep.dll");
  CHECK(endpoint.host.routes[1].listener == "web");
  CHECK(endpoint.host.routes[1].max_body == 32768);
  CHECK((endpoint.host.routes[1].flags & CERTSPAN_ROUTE_LONG_REQUEST_LINE) != 0);
}

TEST_CASE("an RA certificate that clients could not use is refused with what to do") {
  const TestKey& rsa = TestKey::shared_rsa(0);
  CHECK(fault_with_ra(rsa, {.key_usage = kBothUsages}) == "");
  CHECK_THAT(fault_with_ra(TestKey::ec(), {.key_usage = kBothUsages}), Catch::Contains("EC key"));
  CHECK_THAT(fault_with_ra(rsa, {}), Catch::Contains("keyEncipherment"));
  CHECK_THAT(fault_with_ra(rsa, {.key_usage = kDigitalSignature}), Catch::Contains("keyEncipherment"));
  CHECK_THAT(fault_with_ra(rsa, {.key_usage = kKeyEncipherment}), Catch::Contains("digitalSignature"));
  const CertificateOptions agent = {.key_usage = kBothUsages, .extended_key_usage = "1.3.6.1.4.1.311.20.2.1"};
  CHECK_THAT(fault_with_ra(rsa, agent), Catch::Contains("danger_enrollment_agent_ra"));
  CHECK(fault_with_ra(rsa, agent, {{"danger_enrollment_agent_ra", true}}) == "");
}

TEST_CASE("all faults of the settings are told at once, each at its place") {
  const pki::test::TempDir directory;
  auto settings = settings_for(directory);
  settings["extra_capabilities"] = {"AES", "two words", ""};
  settings["capabilities"] = {"DES3", "b ad", "SHA-1"};
  std::vector<std::string> pointers;
  for (const std::string& fault : faults_of(settings)) pointers.push_back(fault.substr(0, fault.find(':')));
  CHECK(pointers == std::vector<std::string>{"/extra_capabilities/1", "/extra_capabilities/2",
                                             "/capabilities/1", "/capabilities/0", "/capabilities/2",
                                             "/ra/certificate_file"});
}

TEST_CASE("a key that is not the RA certificate's is refused") {
  const pki::test::TempDir directory;
  directory.write("ra.pem",
                  to_pem_certificate(make_certificate(TestKey::shared_rsa(0), {.key_usage = kBothUsages})));
  sdk::testing::FakeHost host;
  const auto create = [&] {
    sdk::testing::ConnectorUnderTest made(sdk::ConnectorType<ScepServer>::kTable, host,
                                          settings_for(directory).dump());
  };
  host.secrets["token-ra-key"] = TestKey::shared_rsa(1).pem();
  CHECK_THROWS_WITH(create(), Catch::Contains("not that of the RA certificate"));
  host.secrets["token-ra-key"] = "no key";
  CHECK_THROWS_WITH(create(), Catch::Contains("can't be read"));
  host.secrets.clear();
  CHECK_THROWS_WITH(create(), Catch::Contains("opens to nothing"));
}

TEST_CASE("an operator is warned of an RA that clients will not trust") {
  const auto warnings = [](Endpoint& endpoint) {
    std::vector<std::string> events;
    for (const auto& record : endpoint.host.logs()) {
      if (record.level == CERTSPAN_LOG_WARN) events.push_back(record.event);
    }
    return events;
  };
  Endpoint day_old;
  CHECK(warnings(day_old) == std::vector<std::string>{"RA certificate expires soon"});
  day_old.host.set_wall_clock(std::chrono::system_clock::now() + std::chrono::hours(25));
  day_old.host.chains = {{"other-ca", make_certificate(TestKey::ec(), {.common_name = "Other", .ca = true})}};
  day_old.host.advance(std::chrono::minutes(1));
  day_old.server().open_intake();
  CHECK(warnings(day_old).at(1) == "RA certificate has expired");
  day_old.http("GET", "operation=GetCACert");
  day_old.http("GET", "operation=GetCACert");
  REQUIRE(warnings(day_old).size() == 3);
  CHECK(warnings(day_old).at(2) == "RA certificate is not issued by a CA of this endpoint");
}

TEST_CASE("create_ra writes a key that only its owner reads, and never over another") {
  const pki::test::TempDir directory;
  const nlohmann::json arguments = {{"directory", directory.path("")},
                                    {"subject", "CN=Example RA,O=Example"}};
  const auto run = [&](const nlohmann::json& with) {
    FaultRecorder faults;
    std::string result;
    const std::string text = with.dump();
    const certspan_bytes_sink sink = {
        sizeof(certspan_bytes_sink), 0, &result, [](void* context, certspan_bytes_view value) noexcept {
          *static_cast<std::string*>(context) = sdk::text_of(sdk::from_abi(value));
        }};
    const auto* actions = static_cast<const certspan_actions*>(
        sdk::ConnectorType<ScepServer>::interface_table(CERTSPAN_INTERFACE_ACTIONS));
    (void)actions->run(nullptr, "create_ra", sdk::to_abi(text), &sink, faults.sink());
    return faults.faults().empty() ? result : faults.faults().front().pointer;
  };
  const auto result = nlohmann::json::parse(run(arguments));
  directory.write("ra.csr", result.at("csr").get<std::string>());
  CHECK_THAT(pki::test::must_run(directory, "openssl req -in ra.csr -verify -noout -subject 2>&1"),
             Catch::Contains("verify OK") && Catch::Contains("Example RA"));
  CHECK(pki::test::must_run(directory, "stat -c %a ra.key") == "600\n");
  const std::string key = directory.read_text("ra.key");
  CHECK(pki::test::must_run(directory, "openssl pkey -in ra.key -pubout") ==
        pki::test::must_run(directory, "openssl req -in ra.csr -pubkey -noout"));

  CHECK(run(arguments) == "/directory");
  CHECK(directory.read_text("ra.key") == key);
  CHECK(run({{"directory", directory.path("")}, {"subject", "no name"}}) == "/subject");
  CHECK(run({{"directory", directory.path("")}, {"subject", "CN=x"}, {"key", "p256"}}) == "/key");
}

}  // namespace certspan::scep::test
