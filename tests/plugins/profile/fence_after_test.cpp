#include <functional>

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/connector/test_ca.hpp"
#include "tests/plugins/profile/fence_under_test.hpp"

namespace certspan::profile {
namespace {

using certspan::test::device_key;
using certspan::test::make_request;
using certspan::test::rsa_device_key;
using certspan::test::TestCa;
using sdk::Outcome;
using test::FenceUnderTest;

constexpr std::int64_t kDay = 86'400;

/// A CA that adds to, or takes from, what it was asked for.
class CarelessCa {
 public:
  CarelessCa()
      : certificate_(pki::Certificate::parse(ca_.certificate_der()).value()),
        key_(pki::load_private_key(pki::as_bytes(ca_.key_pem())).value()) {}

  std::vector<pki::Bytes> chain() const { return {ca_.certificate_der()}; }
  const pki::Certificate& certificate() const { return certificate_; }

  /// A good certificate for `device_key()` and CN=laptop-7, changed by `spoil`.
  pki::Bytes issue(std::int64_t now, const std::function<void(pki::CertificateTemplate&)>& spoil = {}) const {
    const pki::Bytes subject = pki::encode_name("CN=laptop-7").value();
    pki::CertificateTemplate what;
    what.serial = {0x0A, 0xBC, 0x01};
    what.issuer = certificate_.subject();
    what.subject = subject;
    what.spki = device_key().public_key().spki();
    what.subject_key_id = device_key().public_key().key_identifier();
    what.authority_key_id = certificate_.subject_key_identifier();
    what.not_before = now - 300;
    what.not_after = now + 365 * kDay - 301;
    what.key_usage = pki::key_usage::kDigitalSignature;
    what.extended_key_usage = {pki::oids::kClientAuth};
    if (spoil) spoil(what);
    return pki::write_certificate(what, key_).value();
  }

 private:
  TestCa ca_;
  pki::Certificate certificate_;
  pki::PrivateKey key_;
};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_CASE("a certificate as it was asked for goes to the device, with its labels") {
  const CarelessCa ca;
  FenceUnderTest fence;
  const pki::Bytes certificate = ca.issue(now());
  const auto answer = fence.after(make_request(device_key()), certificate, ca.chain());
  CHECK(answer.outcome == Outcome::Ok);
  CHECK(answer.label("serial") == "0ABC01");
  CHECK(answer.label("issuer") == "CN=Example Test CA,O=Example");
  CHECK(answer.label("subject") == "CN=laptop-7");
  CHECK(answer.label("not_after").size() == std::string("2027-01-31T08:00:00Z").size());
  CHECK(answer.label("not_after").back() == 'Z');
}

TEST_CASE("what a CA adds or changes is found, and the certificate goes nowhere") {
  const CarelessCa ca;
  FenceUnderTest fence;
  const pki::Bytes request = make_request(device_key());
  const pki::Bytes other_name = pki::encode_name("CN=somebody-else").value();
  const pki::GeneralName name{pki::GeneralNameKind::Dns, "dc1.example", {}};
  const pki::Bytes names = pki::encode_general_names({&name, 1});
  const pki::Bytes sid = {0x30, 0x00};
  using Template = pki::CertificateTemplate;
  const std::vector<std::pair<std::string, std::function<void(Template&)>>> spoilt = {
      {"another key", [](Template& t) { t.spki = rsa_device_key().public_key().spki(); }},
      {"another subject", [&](Template& t) { t.subject = other_name; }},
      {"the CA's subject", [&](Template& t) { t.subject = ca.certificate().subject(); }},
      {"a CA certificate", [](Template& t) { t.ca = true; }},
      {"a name nobody asked for", [&](Template& t) { t.subject_alt_names = names; }},
      {"a purpose beyond the profile",
       [](Template& t) { t.extended_key_usage.push_back(pki::oids::kServerAuth); }},
      {"any purpose", [](Template& t) { t.extended_key_usage = {pki::oids::kAnyExtendedKeyUsage}; }},
      {"no purpose at all", [](Template& t) { t.extended_key_usage.clear(); }},
      {"signing certificates", [](Template& t) { t.key_usage |= pki::key_usage::kKeyCertSign; }},
      {"no key usage at all", [](Template& t) { t.key_usage = 0; }},
      {"a security identifier",
       [&](Template& t) {
         t.extra_extensions.push_back({pki::oids::kMsSecurityIdentifier, false, sid});
       }},
      {"a longer life than the profile's", [](Template& t) { t.not_after += 30 * kDay; }},
      {"a life that is over", [](Template& t) { t.not_before -= 400 * kDay, t.not_after -= 400 * kDay; }},
      {"a life that begins later", [](Template& t) { t.not_before += kDay; }},
  };
  for (const auto& [what, spoil] : spoilt) {
    CAPTURE(what);
    const auto answer = fence.after(request, ca.issue(now(), spoil), ca.chain());
    CHECK(answer.outcome == Outcome::Rejected);
    CHECK(answer.code == "profile.certificate_mismatch");
    CHECK(answer.labels.empty());
  }
}

TEST_CASE("a certificate of another CA is refused, even of one with the same name") {
  const CarelessCa ca;
  const CarelessCa impostor;
  FenceUnderTest fence;
  const auto answer = fence.after(make_request(device_key()), impostor.issue(now()), ca.chain());
  CHECK(answer.outcome == Outcome::Rejected);
  CHECK(answer.code == "profile.certificate_mismatch");
  CHECK(fence.after(make_request(device_key()), ca.issue(now()), {}).outcome == Outcome::Rejected);
}

TEST_CASE("bytes that are no certificate are refused") {
  const CarelessCa ca;
  FenceUnderTest fence;
  const pki::Bytes certificate = ca.issue(now());
  const pki::BytesView view(certificate);
  for (const pki::BytesView bytes : {pki::BytesView(), view.first(view.size() - 1), view.first(20)}) {
    const auto answer = fence.after(make_request(device_key()), bytes, ca.chain());
    CHECK(answer.outcome == Outcome::Rejected);
    CHECK(answer.code == "profile.certificate_mismatch");
  }
}

TEST_CASE("validity is judged by the host's clock") {
  const CarelessCa ca;
  FenceUnderTest fence;
  const pki::Bytes certificate = ca.issue(now());
  fence.host.advance(std::chrono::hours(24 * 366));
  CHECK(fence.after(make_request(device_key()), certificate, ca.chain()).outcome == Outcome::Rejected);
}

TEST_CASE("a certificate without its profile is refused") {
  const CarelessCa ca;
  FenceUnderTest fence;
  CHECK(fence.after(make_request(device_key()), ca.issue(now()), ca.chain(), "").code == "profile.none");
}

}  // namespace
}  // namespace certspan::profile
