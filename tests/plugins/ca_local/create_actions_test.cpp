#include <filesystem>
#include <set>
#include <string>

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "tests/plugins/ca_local/action_under_test.hpp"

namespace certspan::ca_local {
namespace {

using nlohmann::json;
using pki::test::must_run;
using pki::test::TempDir;
using test::holds;
using test::run_action;

json ca_arguments(const TempDir& dir, const std::string& key = "p256") {
  return {{"directory", dir.path("ca")}, {"subject", "CN=Example Device CA,O=Example"}, {"key", key}};
}

std::string text_of_certificate(const TempDir& dir, const std::string& file) {
  return must_run(dir, "openssl x509 -noout -text -in " + file);
}

TEST_CASE("a CA is made that openssl takes for one, with its key for its owner alone") {
  for (const char* key : {"p256", "p384", "rsa:2048"}) {
    CAPTURE(key);
    const TempDir dir;
    const auto result = run_action("create_ca", ca_arguments(dir, key));
    INFO(result.fault());
    REQUIRE(result.ok());
    CHECK(result.value.at("certificate_file") == dir.path("ca/ca.pem"));
    CHECK(result.value.at("subject") == "CN=Example Device CA,O=Example");

    struct stat status = {};
    REQUIRE(::stat(dir.path("ca/ca.key").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::stat(dir.path("ca").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);

    const std::string text = text_of_certificate(dir, "ca/ca.pem");
    CHECK(holds(text, "X509v3 Basic Constraints: critical\n                CA:TRUE\n"));
    CHECK(holds(
        text, "X509v3 Key Usage: critical\n                Digital Signature, Certificate Sign, CRL Sign\n"));
    CHECK(must_run(dir, "openssl verify -x509_strict -check_ss_sig -CAfile ca/ca.pem ca/ca.pem") ==
          "ca/ca.pem: OK\n");
    must_run(
        dir,
        "openssl x509 -noout -pubkey -in ca/ca.pem > a && openssl pkey -in ca/ca.key -pubout > b && cmp a b");
  }
}

TEST_CASE("a CA that was made can be used by a connector at once") {
  const TempDir dir;
  REQUIRE(run_action("create_ca", ca_arguments(dir)).ok());
  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = dir.read_text("ca/ca.key");
  const json settings = {{"certificate_file", dir.path("ca/ca.pem")},
                         {"key", "secret:0"},
                         {"profiles", {{"wifi", json::object()}}}};
  sdk::testing::ConnectorUnderTest ca(test::ca_type(), host, settings.dump());
  ca.start();
  auto item =
      test::CaUnderTest::item_for(certspan::test::make_request(certspan::test::device_key()), 1, "wifi");
  const auto answer = ca.issue(item);
  REQUIRE(answer.outcome == sdk::Outcome::Ok);
  dir.write("leaf.der", answer.certificate);
  must_run(dir,
           "openssl x509 -inform DER -in leaf.der -out leaf.pem && openssl verify -x509_strict -CAfile "
           "ca/ca.pem leaf.pem");
}

TEST_CASE("the validity of a CA is what was asked for, ten years otherwise") {
  const TempDir dir;
  json arguments = ca_arguments(dir);
  arguments["validity"] = "100d";
  REQUIRE(run_action("create_ca", arguments).ok());
  must_run(dir, "openssl x509 -noout -checkend $((99*86400)) -in ca/ca.pem");
  CHECK(pki::test::run(dir, "openssl x509 -noout -checkend $((101*86400)) -in ca/ca.pem").exit_code == 1);

  const TempDir other;
  REQUIRE(run_action("create_ca", ca_arguments(other)).ok());
  must_run(other, "openssl x509 -noout -checkend $((3649*86400)) -in ca/ca.pem");
}

TEST_CASE("no key and no certificate that is there is ever replaced by create_ca") {
  for (const char* file : {"ca.key", "ca.pem"}) {
    CAPTURE(file);
    const TempDir dir;
    std::filesystem::create_directory(dir.path("ca"));
    dir.write(std::string("ca/") + file, "precious");
    const auto result = run_action("create_ca", ca_arguments(dir));
    CHECK_FALSE(result.ok());
    CHECK(holds(result.fault(), file));
    CHECK(dir.read_text(std::string("ca/") + file) == "precious");
    // Nothing half-made remains beside it.
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path("ca")), {}) == 1);
  }
}

TEST_CASE("arguments that are wrong are named one by one") {
  const TempDir dir;
  const auto result = run_action(
      "create_ca",
      {{"directory", ""}, {"subject", "no equals sign"}, {"key", "rsa:1024"}, {"validity", "soon"}});
  CHECK_FALSE(result.ok());
  std::set<std::string> pointers;
  for (const auto& fault : result.faults) pointers.insert(fault.pointer);
  CHECK(pointers == std::set<std::string>{"/directory", "/subject", "/key", "/validity"});
  CHECK_FALSE(run_action("create_ca", json::object()).ok());
  CHECK_FALSE(run_action("create_ca", json::array()).ok());
  CHECK_FALSE(run_action("make_tea", json::object()).ok());
  CHECK_FALSE(std::filesystem::exists(dir.path("ca")));
}

/// Signs ca.csr of `dir` as a company's root, which stands there as root.pem; `extensions` go into the
/// certificate.
void sign_as_root(const TempDir& dir, const std::string& extensions) {
  must_run(dir,
           "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Root' "
           "-keyout root.key -out root.pem -addext keyUsage=critical,keyCertSign");
  dir.write("ca.ext", extensions);
  must_run(dir,
           "openssl x509 -req -days 1000 -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile "
           "ca.ext -out sub.pem");
}

constexpr const char* kSubCaExtensions =
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";

json csr_arguments(const TempDir& dir) {
  return {{"directory", dir.path("ca")}, {"subject", "CN=Example Device CA"}, {"key", "p256"}};
}

TEST_CASE("a CA comes under a company's root by request and import") {
  const TempDir dir;
  const auto request = run_action("ca_csr", csr_arguments(dir));
  INFO(request.fault());
  REQUIRE(request.ok());
  dir.write("ca.csr", request.value.at("csr").get<std::string>());
  const std::string text = must_run(dir, "openssl req -noout -text -verify -in ca.csr");
  CHECK(holds(text, "CA:TRUE"));
  CHECK(holds(text, "Certificate Sign"));

  sign_as_root(dir, kSubCaExtensions);
  const auto imported = run_action(
      "ca_import",
      {{"directory", dir.path("ca")}, {"certificate", dir.read_text("root.pem") + dir.read_text("sub.pem")}});
  INFO(imported.fault());
  REQUIRE(imported.ok());
  CHECK(imported.value.at("issuer") == "CN=Root");
  CHECK(imported.value.at("certificates") == 2);

  sdk::testing::FakeHost host;
  host.secrets["secret:0"] = dir.read_text("ca/ca.key");
  const json settings = {{"certificate_file", dir.path("ca/ca.pem")}, {"key", "secret:0"}};
  sdk::testing::ConnectorUnderTest ca(test::ca_type(), host, settings.dump());
  sdk::testing::ChainRecorder chain;
  CHECK(ca.issuer().chain(ca.instance(), chain.sink()) == CERTSPAN_OK);
  CHECK(chain.certificates().size() == 2);
}

TEST_CASE("a request never replaces a key, and the key that is there can be asked for again") {
  const TempDir dir;
  REQUIRE(run_action("ca_csr", csr_arguments(dir)).ok());
  const std::string key = dir.read_text("ca/ca.key");
  const auto again = run_action("ca_csr", csr_arguments(dir));
  CHECK_FALSE(again.ok());
  CHECK(holds(again.fault(), "is not replaced"));

  json arguments = csr_arguments(dir);
  arguments.erase("key");
  arguments["existing_key"] = true;
  const auto existing = run_action("ca_csr", arguments);
  INFO(existing.fault());
  REQUIRE(existing.ok());
  CHECK(dir.read_text("ca/ca.key") == key);
  dir.write("again.csr", existing.value.at("csr").get<std::string>());
  must_run(
      dir,
      "openssl req -noout -pubkey -in again.csr > a && openssl pkey -in ca/ca.key -pubout > b && cmp a b");
}

TEST_CASE("only a CA certificate for this key, with its root, is imported") {
  const TempDir dir;
  const auto request = run_action("ca_csr", csr_arguments(dir));
  dir.write("ca.csr", request.value.at("csr").get<std::string>());
  const auto import = [&dir](const std::string& certificates) {
    return run_action("ca_import", {{"directory", dir.path("ca")}, {"certificate", certificates}});
  };

  sign_as_root(dir, "basicConstraints=critical,CA:FALSE\n");
  CHECK(holds(import(dir.read_text("sub.pem") + dir.read_text("root.pem")).fault(), "CA:TRUE"));
  sign_as_root(dir, kSubCaExtensions);
  CHECK(holds(import(dir.read_text("sub.pem")).fault(), "up to the root"));
  CHECK(holds(import(dir.read_text("root.pem")).fault(), "none of the certificates"));
  CHECK_FALSE(import("nothing").ok());
  CHECK_FALSE(std::filesystem::exists(dir.path("ca/ca.pem")));
  CHECK(import(dir.read_text("sub.pem") + dir.read_text("root.pem")).ok());

  const auto nowhere =
      run_action("ca_import", {{"directory", dir.path("none")}, {"certificate", dir.read_text("root.pem")}});
  CHECK(holds(nowhere.fault(), "ca.key"));
}

TEST_CASE("each action publishes a schema of its arguments, and all but the status ask for an admin") {
  const auto* table =
      static_cast<const certspan_actions*>(test::ca_type().interface_table(CERTSPAN_INTERFACE_ACTIONS));
  REQUIRE(table->action_count == 9);
  for (std::uint32_t i = 0; i < table->action_count; ++i) {
    const certspan_action& action = *table->actions[i];
    CAPTURE(action.name);
    const json schema = json::parse(action.argument_schema);
    CHECK(schema.at("additionalProperties") == false);
    const bool status = std::string_view(action.name) == "status" || std::string_view(action.name) == "crls";
    CHECK(action.person == (status ? CERTSPAN_PERSON_VIEWER : CERTSPAN_PERSON_ADMIN));
    const bool needs_host = status || std::string_view(action.name) == "import_certificates" ||
                            std::string_view(action.name) == "certify_ocsp";
    CHECK(((action.flags & CERTSPAN_ACTION_OFFLINE) != 0) != needs_host);
    for (const auto& [name, field] : schema.at("properties").items()) {
      CAPTURE(name);
      CHECK(field.contains("description"));
    }
  }
}

}  // namespace
}  // namespace certspan::ca_local
