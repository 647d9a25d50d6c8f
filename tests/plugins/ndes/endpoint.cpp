#include "tests/plugins/ndes/endpoint.hpp"

#include "plugins/common/pki/certificate.hpp"

namespace certspan::scep::test {

using namespace certspan::test;

nlohmann::json settings_for(const pki::test::TempDir& directory) {
  return {{"listener", "web"},
          {"path", "/scep"},
          {"ra", {{"certificate_file", directory.path("ra.pem")}, {"key", "token-ra-key"}}}};
}

Endpoint::Endpoint(const nlohmann::json& changes, bool ca_is_there) : settings(settings_for(directory)) {
  ca_certificate = make_certificate(
      ca_key, {.common_name = "Test CA", .key_usage = kKeyCertSign | kDigitalSignature, .ca = true});
  ra_certificate = make_certificate(ra_key,
                                    {.common_name = "Test RA",
                                     .key_usage = kDigitalSignature | kKeyEncipherment,
                                     .extended_key_usage = "serverAuth"},
                                    &ca_certificate, &ca_key);
  directory.write("ra.pem", to_pem_certificate(ra_certificate));
  host.secrets["token-ra-key"] = ra_key.pem();
  if (ca_is_there) host.chains = {{"corp-ca", ca_certificate}};
  settings.merge_patch(changes);
  server_ = std::make_unique<sdk::testing::ConnectorUnderTest>(sdk::ConnectorType<ScepServer>::kTable, host,
                                                               settings.dump(), "scep");
  server_->start();
  server_->open_intake();
}

FakeExchange Endpoint::http(std::string_view method, std::string_view query, const Bytes& body,
                            std::string_view path) {
  FakeExchange exchange;
  const certspan_http_request request = {.struct_size = sizeof(certspan_http_request),
                                         .flags = 0,
                                         .method = sdk::to_abi(method),
                                         .path = sdk::to_abi(path),
                                         .query = sdk::to_abi(query),
                                         .content_type = {},
                                         .remote_address = sdk::to_abi(std::string_view("192.0.2.7:40000")),
                                         .body = sdk::to_abi(sdk::Bytes(body)),
                                         .authorization = {}};
  server_->source().handle(server_->instance(), &request, exchange.c_exchange());
  return exchange;
}

FakeExchange Endpoint::reply(const Bytes& context, sdk::Outcome outcome, const Bytes& certificate,
                             std::string_view code) {
  FakeExchange exchange;
  const certspan_bytes_view chain = sdk::to_abi(sdk::Bytes(ca_certificate));
  const bool ok = outcome == sdk::Outcome::Ok;
  const certspan_reply reply = {.struct_size = sizeof(certspan_reply),
                                .outcome = sdk::to_abi(outcome),
                                .id = sdk::to_abi(std::string_view("W-42")),
                                .transaction_id = sdk::to_abi(std::string_view("T-0001")),
                                .code = sdk::to_abi(code),
                                .certificate = sdk::to_abi(sdk::Bytes(certificate)),
                                .chain = ok ? &chain : nullptr,
                                .chain_count = ok ? 1U : 0U};
  server_->source().reply(server_->instance(), &reply, sdk::to_abi(sdk::Bytes(context)),
                          exchange.c_exchange());
  return exchange;
}

Bytes Endpoint::issue(const TestKey& key, CertificateOptions options) {
  Bytes certificate = make_certificate(key, options, &ca_certificate, &ca_key);
  set_state(certificate, CERTSPAN_CERTIFICATE_GOOD);
  return certificate;
}

void Endpoint::set_state(const Bytes& certificate, std::uint32_t state) {
  const auto parsed = pki::Certificate::parse(certificate).value();
  host.certificates[std::string(pki::as_text(parsed.serial()))] = {certificate, state};
}

Client::Client(int key_number, const std::string& common_name)
    : key(TestKey::shared_rsa(key_number)),
      certificate(make_certificate(key, {.common_name = common_name})),
      request(make_request(key, {.common_name = common_name, .challenge = "s3cret-challenge"})) {}

std::string label(const FakeExchange::Submitted& submitted, std::string_view name) {
  for (const sdk::Label& candidate : submitted.labels) {
    if (candidate.name == name) return candidate.value;
  }
  return {};
}

std::string body_text(const FakeExchange& exchange) {
  return exchange.response ? std::string(exchange.response->body.begin(), exchange.response->body.end()) : "";
}

}  // namespace certspan::scep::test
