#include "plugins/ndes/scep_server/ra_desk.hpp"

#include <catch2/catch.hpp>
#include <certspan/store.hpp>

#include "plugins/common/pki/pem.hpp"
#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {
namespace {

using nlohmann::json;

// In place of the files.
const json kRenewing = {
    {"ra",
     {{"certificate_file", nullptr}, {"key", nullptr}, {"issuer", "corp-ca"}, {"subject", "CN=Own RA"}}}};

void put(sdk::testing::FakeHost& host, std::string_view key, std::string_view value) {
  const sdk::StoreWrite write = sdk::put_record(sdk::bytes_of(key), sdk::bytes_of(value));
  REQUIRE(host.store.commit(&write, 1) == CERTSPAN_OK);
}

std::string taking(const Bytes& certificate) {
  return json({{"certificate", pki::pem_encode(pki::kPemCertificate, certificate)}}).dump();
}

TEST_CASE("an endpoint without an RA asks for one and has devices wait") {
  Endpoint endpoint(kRenewing);
  CHECK(endpoint.http("GET", "operation=GetCACert").response->status == 503);
  CHECK(endpoint.post({1, 2, 3}).response->status == 503);
  const auto request = json::parse(endpoint.server().run_action("ra_request", "{}"));
  CHECK(request.at("issuer") == "corp-ca");
  CHECK(request.at("validity") == "31536000000ms");
  CHECK(request.at("csr").get<std::string>().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
}

TEST_CASE("an endpoint takes no certificate that it did not ask for") {
  Endpoint endpoint(kRenewing);
  const auto take = [&](const Bytes& certificate) {
    return endpoint.server().run_action("ra_take", taking(certificate));
  };
  CHECK_THROWS_WITH(take(endpoint.ra_certificate), Catch::Contains("not for the key of the last request"));
  endpoint.server().run_action("ra_request", "{}");
  CHECK_THROWS_WITH(take(endpoint.ra_certificate), Catch::Contains("not for the key of the last request"));
  CHECK_THROWS_WITH(take(endpoint.ca_certificate), Catch::Contains("EC key"));
  CHECK_THROWS_WITH(endpoint.server().run_action("ra_take", R"({"certificate": "nonsense"})"),
                    Catch::Contains("no certificate"));
  CHECK(endpoint.host.store.records().empty());
}

TEST_CASE("an endpoint of files asks for nothing") {
  Endpoint endpoint;
  CHECK(endpoint.server().run_action("ra_request", "{}") == "{}");
}

TEST_CASE("what stands damaged in the store is told, and nothing is made in its place") {
  const std::string_view damaged = GENERATE("", "nonsense", "\x30\x02\x04\x00", "\x30\x80\x00\x00");
  Endpoint endpoint(kRenewing);
  put(endpoint.host, "ra/00000001", damaged);
  sdk::testing::ConnectorUnderTest next(sdk::ConnectorType<ScepServer>::kTable, endpoint.host,
                                        endpoint.settings.dump(), "scep");
  CHECK_THROWS_WITH(next.start(), Catch::Contains("ra/00000001"));
}

TEST_CASE("what others keep in the store is none of its business") {
  Endpoint endpoint(kRenewing);
  put(endpoint.host, "ra/elsewhere", "nonsense");
  sdk::testing::ConnectorUnderTest next(sdk::ConnectorType<ScepServer>::kTable, endpoint.host,
                                        endpoint.settings.dump(), "scep");
  next.start();
  endpoint.host.store.fail_next_read(sdk::Outcome::Unavailable);
  sdk::testing::ConnectorUnderTest unread(sdk::ConnectorType<ScepServer>::kTable, endpoint.host,
                                          endpoint.settings.dump(), "scep");
  CHECK_THROWS_WITH(unread.start(), Catch::Contains("can't be read"));
}

}  // namespace
}  // namespace certspan::scep::test
