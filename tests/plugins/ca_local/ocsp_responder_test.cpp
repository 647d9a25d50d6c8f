// The responder alone: whose certificate it takes, what it hands out again, and what it says when it can't
// know.
#include <memory>

#include <catch2/catch.hpp>

#include "plugins/ca_local/ocsp_responder/ocsp_responder.hpp"
#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/ocsp_request.hpp"
#include "tests/plugins/ca_local/action_under_test.hpp"

namespace certspan::ca_local {
namespace {

using Catch::Matchers::Contains;
using certspan::test::TestCa;
using nlohmann::json;
using pki::test::must_run;
using sdk::Outcome;
using test::CaUnderTest;

const certspan_connector_type& responder_type() {
  return sdk::ConnectorType<OcspResponder>::kTable;
}

json responder_settings() {
  return {{"listener", "web"}, {"path", "/ocsp"}, {"issuers", {"corp-ca"}}};
}

/// A CA that certifies the responder "ocsp", and the responder on a host whose issuers are scripted.
struct Scene {
  Scene() : ca(files, ca_settings()), responder(new_responder()) {
    must_run(files.dir(), "openssl ocsp -issuer ca.pem -serial 5 -no_nonce -reqout request.der");
    asked = files.dir().read("request.der");
    cert_id = std::string(sdk::text_of(pki::parse_ocsp_request(asked).value().cert_ids.front().whole));
    host.statuses[cert_id] = pki::ocsp_good();
  }

  json ca_settings() const {
    json settings = test::settings_for(files);
    settings["ocsp_responders"] = {"ocsp"};
    return settings;
  }
  std::unique_ptr<sdk::testing::ConnectorUnderTest> new_responder(
      const json& settings = responder_settings()) {
    auto made =
        std::make_unique<sdk::testing::ConnectorUnderTest>(responder_type(), host, settings.dump(), "ocsp");
    made->start();
    return made;
  }
  json request() { return json::parse(responder->run_action("ocsp_request", "{}")); }
  /// What the host does when certificates are due.
  void certify(const std::string& validity = "30d") {
    const json wanted = request();
    const auto made = test::run_action(
        "certify_ocsp", {{"csr", wanted.at("csr")}, {"responder", "ocsp"}, {"validity", validity}},
        ca.connector.instance());
    REQUIRE(made.ok());
    responder->run_action("ocsp_take", made.value.dump());
  }
  sdk::ByteBuffer post(pki::BytesView der) {
    sdk::testing::FakeExchange exchange;
    certspan_http_request http{};
    http.struct_size = sizeof(http);
    http.method = sdk::to_abi(std::string_view("POST"));
    http.path = sdk::to_abi(std::string_view("/ocsp"));
    http.body = sdk::to_abi(der);
    responder->role<certspan_role_source>(CERTSPAN_ROLE_SOURCE)
        .handle(responder->instance(), &http, exchange.c_exchange());
    REQUIRE(exchange.response);
    CHECK(exchange.response->status == 200);
    return exchange.response->body;
  }
  /// What openssl reads, after it has verified the signature where there is one.
  std::string read(const sdk::ByteBuffer& answer) {
    files.dir().write("answer.der", answer);
    return pki::test::run(files.dir(),
                          "openssl ocsp -respin answer.der -issuer ca.pem -serial 5 -no_nonce -CAfile ca.pem")
        .output;
  }

  TestCa files;
  CaUnderTest ca;
  sdk::testing::FakeHost host;
  std::unique_ptr<sdk::testing::ConnectorUnderTest> responder;
  pki::Bytes asked;
  std::string cert_id;
};

TEST_CASE("a responder asks for a certificate at once, and again when a third of its life is left") {
  Scene scene;
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("trylater"));
  const json wanted = scene.request();
  CHECK(wanted["issuers"] == json{"corp-ca"});
  scene.certify();
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("Response verify OK") && Contains("5: good"));
  const auto due = std::chrono::milliseconds(scene.request().at("due_in_ms").get<std::int64_t>());
  CHECK(due > std::chrono::hours(24 * 19));
  CHECK(due < std::chrono::hours(24 * 20 + 1));
  scene.host.advance(std::chrono::hours(24 * 21));
  CHECK(scene.request().contains("csr"));
  scene.host.advance(std::chrono::hours(24 * 10));
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("trylater"));
}

TEST_CASE("a new version answers in the name of the one before until it is certified itself") {
  Scene scene;
  scene.certify();
  scene.responder = scene.new_responder();
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("Response verify OK") && Contains("5: good"));
  CHECK(scene.request().contains("csr"));
}

TEST_CASE(
    "an answer is signed once for all who ask the same, until something changes or half its time is over") {
  Scene scene;
  scene.certify();
  const auto first = scene.post(scene.asked);
  CHECK(scene.post(scene.asked) == first);
  scene.host.statuses[scene.cert_id] = pki::ocsp_revoked(1790000000, 1);
  const auto revoked = scene.post(scene.asked);
  CHECK_THAT(scene.read(revoked), Contains("5: revoked") && Contains("keyCompromise"));
  CHECK(scene.post(scene.asked) == revoked);
  scene.host.advance(std::chrono::minutes(31));
  const auto later = scene.post(scene.asked);
  CHECK(later != revoked);
}

TEST_CASE("what the CA can't tell now is no answer, and what is none of its business neither") {
  Scene scene;
  scene.certify();
  scene.host.issuers_outcome = Outcome::Unavailable;
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("trylater"));
  scene.host.issuers_outcome = Outcome::Ok;
  scene.host.statuses.clear();
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("unauthorized"));
  const TestCa other;
  must_run(other.dir(), "openssl ocsp -issuer ca.pem -serial 5 -no_nonce -reqout request.der");
  CHECK_THAT(scene.read(scene.post(other.dir().read("request.der"))), Contains("unauthorized"));
  CHECK_THAT(scene.read(scene.post({})), Contains("malformedrequest"));
}

TEST_CASE("one answer has one signer: a certificate of another CA is unknown to it") {
  Scene scene;
  scene.certify();
  const TestCa other;
  scene.files.dir().write("other.pem", other.certificate_pem());
  must_run(scene.files.dir(),
           "openssl ocsp -issuer ca.pem -serial 5 -issuer other.pem -serial 6 -no_nonce -reqout request.der");
  scene.files.dir().write("answer.der", scene.post(scene.files.dir().read("request.der")));
  // openssl wants one issuer for all before it verifies.
  const std::string said =
      pki::test::run(scene.files.dir(),
                     "openssl ocsp -respin answer.der -issuer ca.pem -serial 5 -issuer other.pem "
                     "-serial 6 -no_nonce -noverify")
          .output;
  CHECK_THAT(said, Contains("5: good") && Contains("6: unknown"));
}

TEST_CASE("a certificate that is not for it, or not for OCSP, is not taken") {
  Scene scene;
  const json wanted = scene.request();
  const auto certificate = scene.files.certificate_pem();
  const json pair = {{"certificate", certificate}, {"ca", certificate}};
  CHECK_THROWS_WITH(
      scene.responder->run_action("ocsp_take", json{{"certificates", json::array({pair})}}.dump()),
      Contains("not for the responder's key"));
  CHECK_THROWS(scene.responder->run_action("ocsp_take", R"({"certificates": []})"));
  CHECK_THAT(scene.read(scene.post(scene.asked)), Contains("trylater"));
}

TEST_CASE("settings of a responder are refused at their place") {
  const auto pointer_of = [](const json& settings) {
    sdk::testing::FaultRecorder recorder;
    responder_type().validate_config(sdk::to_abi(settings.dump()), recorder.sink());
    return recorder.faults().empty() ? std::string() : recorder.faults().front().pointer;
  };
  CHECK(pointer_of(responder_settings()).empty());
  const auto with = [&](const char* name, const json& value) {
    json settings = responder_settings();
    settings[name] = value;
    return pointer_of(settings);
  };
  CHECK(with("listener", "") == "/listener");
  CHECK(with("path", "ocsp") == "/path");
  CHECK(with("issuers", json::array()) == "/issuers");
  CHECK(with("key", "dsa") == "/key");
  CHECK(with("validity", "1h") == "/validity");
  CHECK(with("lasts", "30d") == "/lasts");
}

}  // namespace
}  // namespace certspan::ca_local
