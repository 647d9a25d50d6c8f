#include <catch2/catch.hpp>

#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/connector/test_ca.hpp"
#include "tests/plugins/profile/fence_under_test.hpp"

namespace certspan::profile {
namespace {

using certspan::test::device_key;
using certspan::test::make_hostile_requests;
using certspan::test::make_request;
using certspan::test::rsa_device_key;
using certspan::test::TestCa;
using sdk::Outcome;
using test::FenceUnderTest;

TEST_CASE("each hostile request is refused before any CA sees it") {
  const TestCa ca;
  FenceUnderTest fence;
  const auto requests = make_hostile_requests(ca.dir());
  CHECK(requests.size() >= 30);
  for (const auto& request : requests) {
    CAPTURE(request.name);
    const auto answer = fence.before(request.der, {ca.certificate_der()});
    CHECK(answer.outcome == request.outcome);
    CHECK(answer.code == "profile." + request.word);
    CHECK_FALSE(answer.message.empty());
  }
}

TEST_CASE("a request that keeps to the profile goes on") {
  const TestCa ca;
  FenceUnderTest fence;
  const std::vector<pki::Bytes> chain = {ca.certificate_der()};
  CHECK(fence.before(make_request(device_key()), chain).outcome == Outcome::Ok);
  CHECK(fence.before(make_request(rsa_device_key()), chain).outcome == Outcome::Ok);
  CHECK(fence.before(make_request(device_key(), {.dns = "laptop-7.example"}), chain).outcome == Outcome::Ok);
  CHECK(fence.before(make_request(device_key(), {.subject = "", .dns = "laptop-7.example"}), chain).outcome ==
        Outcome::Ok);
  const auto all = make_request(
      rsa_device_key(), {.key_usage = pki::key_usage::kDigitalSignature | pki::key_usage::kKeyEncipherment,
                         .purposes = {pki::oids::kClientAuth}});
  CHECK(fence.before(all, chain).outcome == Outcome::Ok);
}

TEST_CASE("requests made by openssl go on") {
  const TestCa ca;
  FenceUnderTest fence;
  pki::test::must_run(
      ca.dir(),
      "openssl req -new -newkey rsa:2048 -nodes -keyout d.key -outform DER -out d.der -subj '/CN=laptop-7' "
      "-addext 'subjectAltName=DNS:laptop-7.example' -addext 'keyUsage=critical,digitalSignature' "
      "-addext 'extendedKeyUsage=clientAuth' -addext 'basicConstraints=CA:FALSE'");
  CHECK(fence.before(ca.dir().read("d.der"), {ca.certificate_der()}).outcome == Outcome::Ok);
}

TEST_CASE("a step that names no profile, or one that is not there, gets nothing") {
  const TestCa ca;
  FenceUnderTest fence;
  const std::vector<pki::Bytes> chain = {ca.certificate_der()};
  const auto none = fence.before(make_request(device_key()), chain, "");
  CHECK(none.outcome == Outcome::Rejected);
  CHECK(none.code == "profile.none");
  const auto unknown = fence.before(make_request(device_key()), chain, "WIFI");
  CHECK(unknown.outcome == Outcome::Rejected);
  CHECK(unknown.code == "profile.unknown");
}

TEST_CASE("the keys of every CA in the group are ours, not only that of the first") {
  const TestCa first;
  const TestCa second("rsa:2048");
  FenceUnderTest fence;
  const auto key = pki::load_private_key(pki::as_bytes(second.key_pem())).value();
  const auto answer = fence.before(make_request(key), {first.certificate_der(), second.certificate_der()});
  CHECK(answer.outcome == Outcome::Rejected);
  CHECK(answer.code == "profile.own_key");
}

TEST_CASE("a CA certificate that can't be read stops issuing for now and is not the device's fault") {
  FenceUnderTest fence;
  const auto answer = fence.before(make_request(device_key()), {pki::Bytes{1, 2, 3}});
  CHECK(answer.outcome == Outcome::Unavailable);
  CHECK(answer.code == "profile.bad_ca_certificate");
}

}  // namespace
}  // namespace certspan::profile
