#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/plugins/ca_local/action_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::TestCa;
using nlohmann::json;
using pki::test::must_run;
using test::holds;
using test::run_action;

/// A request for /CN=`subject`, PEM, made by openssl; its key stands beside it as req.key.
std::string request(const TestCa& ca, const std::string& key,
                    const std::string& options = "-subj '/CN=Example RA'") {
  must_run(ca.dir(), "openssl req -new -newkey " + key + " -nodes -keyout req.key -out req.csr " + options);
  return ca.dir().read_text("req.csr");
}

/// Text of the certificate in the result, which openssl verifies for `purpose`.
std::string checked_text(const TestCa& ca, const json& result, const std::string& purpose) {
  ca.dir().write("made.pem", result.at("certificate").get<std::string>());
  ca.dir().write("chain.pem", result.at("chain").get<std::string>());
  must_run(ca.dir(), "openssl verify -x509_strict -purpose " + purpose + " -CAfile chain.pem made.pem");
  return must_run(ca.dir(), "openssl x509 -noout -text -in made.pem");
}

json in_directory(const TestCa& ca) {
  return {{"directory", ca.dir().path("")}};
}

TEST_CASE("a registration authority gets what SCEP clients expect and nothing more") {
  const TestCa ca;
  json arguments = in_directory(ca);
  arguments["csr"] =
      request(ca, "rsa:2048",
              "-subj '/O=Example/CN=Example RA' -addext subjectAltName=DNS:evil.example "
              "-addext extendedKeyUsage=1.3.6.1.4.1.311.20.2.1 -addext basicConstraints=CA:TRUE");
  const auto result = run_action("certify_ra", arguments);
  INFO(result.fault());
  REQUIRE(result.ok());
  CHECK(result.value.at("subject") == "CN=Example RA,O=Example");
  const std::string text = checked_text(ca, result.value, "any");
  CHECK(holds(text, "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n"));
  CHECK(holds(text, "X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n"));
  CHECK(holds(text, "CA:FALSE"));
  CHECK_FALSE(holds(text, "Alternative"));
  CHECK_FALSE(holds(text, "evil"));
  CHECK_FALSE(holds(text, "1.3.6.1.4.1.311.20.2.1"));
  must_run(ca.dir(), "openssl x509 -noout -checkend $((729*86400)) -in made.pem");
}

TEST_CASE("the CA can be named by its two files") {
  const TestCa ca("rsa:2048");
  json arguments = {{"certificate_file", ca.certificate_file()},
                    {"key_file", ca.dir().path("ca.key")},
                    {"csr", request(ca, "rsa:2048")},
                    {"validity", "30d"}};
  const auto result = run_action("certify_ra", arguments);
  INFO(result.fault());
  REQUIRE(result.ok());
  checked_text(ca, result.value, "any");
  CHECK(pki::test::run(ca.dir(), "openssl x509 -noout -checkend $((31*86400)) -in made.pem").exit_code == 1);
  arguments.erase("key_file");
  CHECK(holds(run_action("certify_ra", arguments).fault(), "key_file"));
}

TEST_CASE("a registration authority needs an RSA key of its own, strong enough") {
  const TestCa ca;
  json arguments = in_directory(ca);
  arguments["csr"] = request(ca, "ec -pkeyopt ec_paramgen_curve:P-256");
  CHECK(holds(run_action("certify_ra", arguments).fault(), "/csr a registration authority needs an RSA key"));
  arguments["csr"] = request(ca, "rsa:1024");
  CHECK(holds(run_action("certify_ra", arguments).fault(), "weak"));
  arguments["csr"] = "no request";
  CHECK(holds(run_action("certify_ra", arguments).fault(), "/csr"));
  arguments["csr"] = request(ca, "rsa:2048", "-subj /");
  CHECK_FALSE(run_action("certify_ra", arguments).ok());

  const TestCa rsa("rsa:2048");
  json own = in_directory(rsa);
  must_run(rsa.dir(), "openssl req -new -key ca.key -out own.csr -subj '/CN=RA'");
  own["csr"] = rsa.dir().read_text("own.csr");
  CHECK(holds(run_action("certify_ra", own).fault(), "the CA's own key"));
}

TEST_CASE("a listener gets a server certificate for its names, with a new key if it brings none") {
  const TestCa ca;
  json arguments = in_directory(ca);
  arguments["names"] = {"scep.example.com", "192.0.2.7", "2001:db8::7"};
  const auto result = run_action("certify_tls", arguments);
  INFO(result.fault());
  REQUIRE(result.ok());
  const std::string text = checked_text(ca, result.value, "sslserver");
  CHECK(holds(text, "DNS:scep.example.com, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7"));
  CHECK(holds(text, "Subject: CN = scep.example.com"));
  CHECK(holds(text, "TLS Web Server Authentication"));
  ca.dir().write("tls.key", result.value.at("key").get<std::string>());
  must_run(ca.dir(),
           "openssl x509 -noout -pubkey -in made.pem > a && openssl pkey -in tls.key -pubout > b && cmp a b");
  must_run(ca.dir(), "openssl verify -verify_hostname scep.example.com -CAfile chain.pem made.pem");
}

TEST_CASE("a listener of a CA under a root shows its clients the CA between them") {
  const TestCa root;
  must_run(root.dir(),
           "printf "
           "'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\nsubjectKeyIdentifier="
           "hash\\nauthorityKeyIdentifier=keyid\\n' > ca.ext && "
           "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out sub.csr "
           "-subj /CN=Sub && "
           "openssl x509 -req -days 100 -in sub.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ca.ext "
           "-out sub.pem && "
           "cat sub.pem ca.pem > both.pem");
  const auto result = run_action("certify_tls", {{"certificate_file", root.dir().path("both.pem")},
                                                 {"key_file", root.dir().path("sub.key")},
                                                 {"names", {"scep.example.com"}}});
  INFO(result.fault());
  REQUIRE(result.ok());
  root.dir().write("made.pem", result.value.at("certificate").get<std::string>());
  CHECK(must_run(root.dir(), "grep -c BEGIN made.pem") == "2\n");
  must_run(root.dir(), "openssl verify -x509_strict -CAfile ca.pem -untrusted made.pem made.pem");
}

TEST_CASE("a listener that brings a request keeps its key, and nothing else of the request counts") {
  const TestCa ca;
  json arguments = in_directory(ca);
  arguments["names"] = {"scep.example.com"};
  arguments["csr"] =
      request(ca, "rsa:2048", "-subj /CN=evil.example -addext subjectAltName=DNS:evil.example");
  const auto result = run_action("certify_tls", arguments);
  INFO(result.fault());
  REQUIRE(result.ok());
  CHECK_FALSE(result.value.contains("key"));
  const std::string text = checked_text(ca, result.value, "sslserver");
  CHECK_FALSE(holds(text, "evil"));
  CHECK(holds(text, "Digital Signature, Key Encipherment"));
  must_run(ca.dir(),
           "openssl x509 -noout -pubkey -in made.pem > a && openssl pkey -in req.key -pubout > b && cmp a b");
}

TEST_CASE("a name that is too long for a common name stands in the alternative names alone") {
  const TestCa ca;
  json arguments = in_directory(ca);
  const std::string name = std::string(60, 'a') + ".example.com";
  arguments["names"] = {name};
  const auto result = run_action("certify_tls", arguments);
  INFO(result.fault());
  REQUIRE(result.ok());
  CHECK(holds(checked_text(ca, result.value, "sslserver"), "X509v3 Subject Alternative Name: critical"));
}

TEST_CASE("names that are no names are refused") {
  const TestCa ca;
  for (const char* name : {"", "two words", "CN=x", "a,b", "300.1.1.1 ", "host_\n"}) {
    CAPTURE(name);
    json arguments = in_directory(ca);
    arguments["names"] = {name};
    const auto result = run_action("certify_tls", arguments);
    CHECK_FALSE(result.ok());
    CHECK(result.fault().starts_with("/names"));
  }
  CHECK_FALSE(run_action("certify_tls", in_directory(ca)).ok());
}

TEST_CASE("without a running connector the CA must be named") {
  const TestCa ca;
  const auto result = run_action("certify_ra", {{"csr", request(ca, "rsa:2048")}});
  CHECK_FALSE(result.ok());
  CHECK(holds(result.fault(), "directory"));
  CHECK_FALSE(run_action("certify_ra", {{"directory", "/nowhere"}, {"csr", request(ca, "rsa:2048")}}).ok());
}

TEST_CASE("a running connector certifies with its own CA and its own addresses") {
  const TestCa ca;
  json settings = test::settings_for(ca);
  settings["crl_urls"] = {"http://pki.example/ca.crl"};
  test::CaUnderTest running(ca, settings);
  const auto result =
      run_action("certify_ra", {{"csr", request(ca, "rsa:2048")}}, running.connector.instance());
  INFO(result.fault());
  REQUIRE(result.ok());
  CHECK(holds(checked_text(ca, result.value, "any"), "http://pki.example/ca.crl"));
  const auto tls = run_action("certify_tls", {{"names", {"scep.example.com"}}}, running.connector.instance());
  REQUIRE(tls.ok());
  CHECK(holds(checked_text(ca, tls.value, "sslserver"), "http://pki.example/ca.crl"));
}

TEST_CASE("a listener's certificate lasts as long as its profile says, which must be one for servers") {
  const TestCa ca;
  json settings = test::settings_for(ca);
  settings["profiles"] = {{"short", {{"eku", {"server_auth"}}, {"validity", "30d"}}},
                          {"long", {{"eku", {"client_auth", "server_auth"}}, {"validity", "800d"}}},
                          {"client", {{"eku", {"client_auth"}}}}};
  test::CaUnderTest running(ca, settings);
  const auto certify = [&](const char* profile) {
    return run_action("certify_tls", {{"names", {"scep.example.com"}}, {"profile", profile}},
                      running.connector.instance());
  };
  const auto lasts = [&](const json& made, int days) {
    ca.dir().write("made.pem", made.at("certificate").get<std::string>());
    const std::string check = "openssl x509 -noout -in made.pem -checkend ";
    return pki::test::run(ca.dir(), check + std::to_string((days - 1) * 86'400)).exit_code == 0 &&
           pki::test::run(ca.dir(), check + std::to_string(days * 86'400)).exit_code == 1;
  };
  CHECK(lasts(certify("short").value, 30));
  CHECK(lasts(certify("long").value, 397));
  CHECK(holds(certify("client").fault(), "/profile \"client\" is for no server"));
  CHECK(holds(certify("none").fault(), "/profile there is no profile \"none\""));
  json offline = in_directory(ca);
  offline["names"] = {"scep.example.com"};
  offline["profile"] = "short";
  CHECK(holds(run_action("certify_tls", offline).fault(), "/profile"));
}

}  // namespace
}  // namespace certspan::ca_local
