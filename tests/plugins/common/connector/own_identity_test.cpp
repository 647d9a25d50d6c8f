#include "plugins/common/connector/own_identity.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/private_key.hpp"
#include "tests/plugins/common/connector/hostile_requests.hpp"
#include "tests/plugins/common/connector/test_ca.hpp"

namespace certspan::connector {
namespace {

using test::device_key;
using test::make_request;
using test::TestCa;

std::string verdict(const OwnIdentity& own, pki::BytesView request) {
  const auto profile = pki::parse_profile(test::kStrictProfile).value();
  const auto violation = own.check_request(profile, pki::parse_certificate_request(request).value());
  return violation ? violation->code : "";
}

TEST_CASE("nobody else gets a CA's key or name, however the name is written") {
  const TestCa ca;
  OwnIdentity own;
  REQUIRE(own.add(ca.certificate_der()));
  const auto ca_key = pki::load_private_key(pki::as_bytes(ca.key_pem())).value();
  CHECK(verdict(own, make_request(device_key())).empty());
  CHECK(verdict(own, make_request(ca_key)) == "own_key");
  CHECK(verdict(own, make_request(device_key(), {.subject = "CN=Example Test CA,O=Example"})) == "ca_name");
  CHECK(verdict(own, make_request(device_key(), {.subject = "CN=EXAMPLE  test ca,O=example"})) == "ca_name");
  CHECK(verdict(own, make_request(device_key(), {.subject = "CN=Example Test CA"})).empty());
}

TEST_CASE("what is no certificate is no identity") {
  OwnIdentity own;
  CHECK_FALSE(own.add(pki::Bytes{0x30, 0x00}));
}

}  // namespace
}  // namespace certspan::connector
