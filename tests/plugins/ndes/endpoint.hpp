// A SCEP endpoint with an EC CA and an RSA RA on a host in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>
#include <certspan/testing/fake_host.hpp>
#include <nlohmann/json.hpp>

#include "plugins/ndes/scep_server/scep_server.hpp"
#include "tests/plugins/common/pki/tools.hpp"
#include "tests/support/scep_test_client.hpp"

namespace certspan::scep::test {

using certspan::test::Bytes;
using certspan::test::TestKey;
using sdk::testing::FakeExchange;

inline constexpr int kDigitalSignature = 0x80;
inline constexpr int kKeyEncipherment = 0x20;
inline constexpr int kKeyCertSign = 0x04;

class Endpoint {
 public:
  // `changes` is merged into the settings (RFC 7396).
  explicit Endpoint(const nlohmann::json& changes = nlohmann::json::object(), bool ca_is_there = true);

  FakeExchange http(std::string_view method, std::string_view query, const Bytes& body = {},
                    std::string_view path = "/scep/pkiclient.exe");
  FakeExchange post(const Bytes& message) { return http("POST", "operation=PKIOperation", message); }
  // What the host does when the item has ended so; gives the HTTP exchange with the reply.
  FakeExchange reply(const Bytes& context, sdk::Outcome outcome, const Bytes& certificate = {},
                     std::string_view code = {});
  // A message to this endpoint's RA.
  Bytes message(const Bytes& content, const TestKey& signer, const Bytes& signer_certificate,
                const certspan::test::MessageOptions& options = {}) const {
    return certspan::test::make_message(content, signer, signer_certificate, ra_certificate, options);
  }
  // A certificate of this endpoint's CA, known to it.
  Bytes issue(const TestKey& key, certspan::test::CertificateOptions options = {});
  // The CA says this of the certificate from now on.
  void set_state(const Bytes& certificate, std::uint32_t state);

  pki::test::TempDir directory;
  sdk::testing::FakeHost host;
  TestKey ca_key = TestKey::ec();
  Bytes ca_certificate;
  const TestKey& ra_key = TestKey::shared_rsa(0);
  Bytes ra_certificate;
  nlohmann::json settings;

  sdk::testing::ConnectorUnderTest& server() { return *server_; }

 private:
  std::unique_ptr<sdk::testing::ConnectorUnderTest> server_;
};

// A client with a fresh request and its self-signed certificate.
struct Client {
  explicit Client(int key_number = 1, const std::string& common_name = "laptop-7");

  const TestKey& key;
  Bytes certificate;
  Bytes request;
};

// The settings of an endpoint whose files stand in `directory`.
nlohmann::json settings_for(const pki::test::TempDir& directory);

std::string label(const FakeExchange::Submitted& submitted, std::string_view name);
std::string body_text(const FakeExchange& exchange);

}  // namespace certspan::scep::test
