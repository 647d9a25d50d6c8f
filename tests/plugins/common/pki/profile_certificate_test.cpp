#include <functional>

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/security_identifier.hpp"
#include "tests/plugins/common/pki/request_builder.hpp"

namespace certspan::pki {
namespace {

using test::RequestBuilder;

constexpr std::int64_t kNow = 1790000000;
constexpr std::int64_t kYear = 365LL * 86400;

// A root and an issuing CA under it, and a request with a DNS name.
struct Issuer {
  PrivateKey root_key = generate_private_key(KeySpec::P256).value();
  PrivateKey ca_key = generate_private_key(KeySpec::P384).value();
  Bytes root_name = encode_name("CN=Example Root CA,O=Example").value();
  Bytes ca_name = encode_name("CN=Example Issuing CA,O=Example").value();
  Bytes names = encode_general_names(std::array{GeneralName{GeneralNameKind::Dns, "device-7.example", {}}});
  std::vector<Certificate> chain;
  CertificateRequest request = RequestBuilder().san(tag::context(2), "device-7.example").build();
  Profile profile =
      parse_profile(R"({"san": ["dns"], "key_usage": ["digital_signature"], "eku": ["client_auth"],
                                      "validity": "365d"})")
          .value();

  Issuer() {
    chain.push_back(ca_certificate(ca_name, ca_key.public_key(), std::nullopt));
    chain.push_back(ca_certificate(root_name, root_key.public_key(), std::nullopt));
  }

  Certificate ca_certificate(const Bytes& name, const PublicKey& key,
                             std::optional<std::uint32_t> path_length) const {
    CertificateTemplate what;
    what.serial = {0x10};
    what.issuer = root_name;
    what.subject = name;
    what.spki = key.spki();
    what.not_before = kNow - kYear;
    what.not_after = kNow + 5 * kYear;
    const KeyIdentifier root_id = root_key.public_key().key_identifier();
    what.authority_key_id = root_id;
    what.subject_key_id = key.key_identifier();
    what.ca = true;
    what.path_length = path_length;
    what.key_usage = key_usage::kKeyCertSign | key_usage::kCrlSign;
    return Certificate::parse(write_certificate(what, root_key).value()).value();
  }

  CertificateTemplate good() const {
    CertificateTemplate what;
    what.serial = {0x42};
    what.issuer = ca_name;
    what.subject = request.subject();
    what.spki = request.spki();
    what.not_before = kNow - 60;
    what.not_after = kNow + kYear;
    what.authority_key_id = chain[0].subject_key_identifier();
    what.subject_key_id = request.public_key().key_identifier();
    what.key_usage = key_usage::kDigitalSignature;
    what.extended_key_usage = {oids::kClientAuth};
    what.subject_alt_names = names;
    return what;
  }

  std::optional<Violation> check(const CertificateTemplate& what) const {
    const Certificate certificate = Certificate::parse(write_certificate(what, ca_key).value()).value();
    return check_certificate(profile, request, certificate, chain, kNow);
  }
};

const Issuer& issuer() {
  static const Issuer shared;
  return shared;
}

}  // namespace

TEST_CASE("the certificate that was asked for passes") {
  CHECK_FALSE(issuer().check(issuer().good()));
  CertificateTemplate without_names = issuer().good();
  without_names.subject_alt_names = {};
  CHECK_FALSE(issuer().check(without_names));
}

TEST_CASE("a certificate that is not what was asked for is refused for what differs") {
  const Issuer& by = issuer();
  const Bytes other_subject = encode_name("CN=administrator").value();
  const Bytes more_names =
      encode_general_names(std::array{GeneralName{GeneralNameKind::Dns, "device-7.example", {}},
                                      GeneralName{GeneralNameKind::Dns, "boss.example", {}}});
  const Bytes upn = encode_general_names(std::array{GeneralName{GeneralNameKind::Upn, "boss@example", {}}});
  const Bytes null_value = {0x05, 0x00};
  DerWriter policies;
  policies.begin(tag::kSequence).begin(tag::kSequence).oid(oids::kMsEnrollmentAgent).end().end();
  struct Case {
    const char* code;
    std::function<void(CertificateTemplate&)> change;
  };
  const std::vector<Case> cases = {
      {"wrong_key", [&](auto& c) { c.spki = by.root_key.public_key().spki(); }},
      {"wrong_subject", [&](auto& c) { c.subject = other_subject; }},
      {"wrong_issuer", [&](auto& c) { c.issuer = by.root_name; }},
      {"wrong_issuer", [&](auto& c) { c.authority_key_id = by.chain[1].subject_key_identifier(); }},
      {"validity", [](auto& c) { c.not_before = kNow + 3600; }},
      {"validity", [](auto& c) { c.not_before = kNow - kYear, c.not_after = kNow - 1; }},
      {"validity", [](auto& c) { c.not_after = kNow + kYear + 2 * 86400; }},
      {"ca_true", [](auto& c) { c.ca = true; }},
      {"key_usage", [](auto& c) { c.key_usage = key_usage::kDigitalSignature | key_usage::kKeyCertSign; }},
      {"key_usage", [](auto& c) { c.key_usage = 0; }},
      {"eku",
       [](auto& c) {
         c.extended_key_usage = {oids::kClientAuth, oids::kServerAuth};
       }},
      {"eku", [](auto& c) { c.extended_key_usage = {}; }},
      {"eku", [](auto& c) { c.extended_key_usage = {oids::kAnyExtendedKeyUsage}; }},
      {"eku",
       [&](auto& c) {
         c.extra_extensions = {{oids::kMsApplicationPolicies, false, policies.view()}};
       }},
      {"bad_extension",
       [&](auto& c) {
         c.extra_extensions = {{oids::kMsApplicationPolicies, false, null_value}};
       }},
      {"san", [&](auto& c) { c.subject_alt_names = more_names; }},
      {"san", [&](auto& c) { c.subject_alt_names = upn; }},
      {"sid_extension",
       [&](auto& c) {
         c.extra_extensions = {{oids::kMsSecurityIdentifier, false, null_value}};
       }},
  };
  for (const Case& each : cases) {
    CertificateTemplate what = by.good();
    each.change(what);
    const std::optional<Violation> violation = by.check(what);
    INFO(each.code << " at " << (&each - cases.data()));
    REQUIRE(violation);
    CHECK(violation->code == each.code);
  }
}

TEST_CASE("a subject key identifier that a CA has copied is refused unless it is the key's") {
  const Issuer& by = issuer();
  const Bytes strange = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
  const KeyIdentifier own = by.request.public_key().key_identifier();
  const auto violation = [&](BytesView asked, BytesView given) {
    const Bytes value = DerWriter().octet_string(asked).take();
    const CertificateRequest request = RequestBuilder().extension(oids::kSubjectKeyIdentifier, value).build();
    CertificateTemplate what = by.good();
    what.subject_alt_names = {};
    std::ranges::copy(given, what.subject_key_id.begin());
    const Certificate certificate = Certificate::parse(write_certificate(what, by.ca_key).value()).value();
    return check_certificate(by.profile, request, certificate, by.chain, kNow);
  };
  CHECK_FALSE(violation(own, own));
  CHECK_FALSE(violation(strange, own));
  REQUIRE(violation(strange, strange));
  CHECK(violation(strange, strange)->code == "key_identifier");
}

TEST_CASE("a certificate beyond its CA's end is refused") {
  const Issuer& by = issuer();
  CertificateTemplate what = by.good();
  Profile longer = by.profile;
  longer.validity_seconds = 10 * kYear;
  what.not_after = kNow + 6 * kYear;
  const Certificate certificate = Certificate::parse(write_certificate(what, by.ca_key).value()).value();
  CHECK(check_certificate(longer, by.request, certificate, by.chain, kNow)->code == "validity");
}

TEST_CASE("a certificate that another key signed in the CA's name is refused") {
  const Issuer& by = issuer();
  const PrivateKey forger = generate_private_key(KeySpec::P384).value();
  const Certificate forged = Certificate::parse(write_certificate(by.good(), forger).value()).value();
  CHECK(check_certificate(by.profile, by.request, forged, by.chain, kNow)->code == "wrong_issuer");
  CHECK(check_certificate(by.profile, by.request, forged, {}, kNow)->code == "wrong_issuer");
}

TEST_CASE("a certificate that carries the CA's own name is refused") {
  const Issuer& by = issuer();
  const CertificateRequest request = RequestBuilder().subject(by.ca_name).build();
  CertificateTemplate what = by.good();
  what.subject = by.ca_name;
  what.subject_alt_names = {};
  const Certificate certificate = Certificate::parse(write_certificate(what, by.ca_key).value()).value();
  CHECK(check_certificate(by.profile, request, certificate, by.chain, kNow)->code == "ca_name");
}

TEST_CASE("a chain below a CA that allows none is refused") {
  const Issuer& by = issuer();
  std::vector<Certificate> chain;
  chain.push_back(by.ca_certificate(by.ca_name, by.ca_key.public_key(), std::nullopt));
  chain.push_back(by.ca_certificate(by.root_name, by.root_key.public_key(), 0));
  const Certificate certificate = Certificate::parse(write_certificate(by.good(), by.ca_key).value()).value();
  CHECK(check_certificate(by.profile, by.request, certificate, chain, kNow)->code == "wrong_issuer");
}

TEST_CASE("a subject in another string type is the same subject") {
  const Issuer& by = issuer();
  CertificateTemplate what = by.good();
  // The request's PrintableString as UTF8String, as some CAs rewrite it.
  Bytes subject = to_bytes(what.subject);
  const auto at = std::find(subject.rbegin(), subject.rend(), tag::kPrintableString);
  REQUIRE(at != subject.rend());
  *at = tag::kUtf8String;
  what.subject = subject;
  CHECK_FALSE(by.check(what));
}

TEST_CASE("the security identifier extension stands there exactly where the profile has it written") {
  const std::string sid = "S-1-5-21-1004336348-1177238915-682003330-1105";
  Issuer by;
  by.names = encode_general_names(
      std::array{GeneralName{GeneralNameKind::Uri, "tag:microsoft.com,2022-09-14:sid:" + sid, {}}});
  by.request = RequestBuilder().extension(oids::kSubjectAltName, by.names).build();
  const Bytes right = encode_sid_extension(sid);
  const Bytes wrong = encode_sid_extension("S-1-5-21-1004336348-1177238915-682003330-500");
  const auto verdict = [&](const Bytes* value, bool critical = false) {
    CertificateTemplate what = by.good();
    if (value != nullptr) what.extra_extensions.push_back({oids::kMsSecurityIdentifier, critical, *value});
    const auto violation = by.check(what);
    return violation ? violation->code : "";
  };
  by.profile.sid = SidRule::Pass;
  CHECK(verdict(nullptr).empty());
  CHECK(verdict(&right) == "sid_extension");
  by.profile.sid = SidRule::Extension;
  CHECK(verdict(&right).empty());
  CHECK(verdict(&wrong) == "sid_extension");
  CHECK(verdict(&right, true) == "sid_extension");
  CHECK(verdict(nullptr) == "sid_extension");
  by.request = RequestBuilder().san(tag::context(2), "device-7.example").build();
  by.names = issuer().names;
  CHECK(verdict(&right) == "sid_extension");
}

}  // namespace certspan::pki
