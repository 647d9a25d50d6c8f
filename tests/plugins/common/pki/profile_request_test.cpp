#include <functional>

#include <catch2/catch.hpp>

#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"
#include "tests/plugins/common/pki/request_builder.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::RequestBuilder;
using test::some_key;
using test::TempDir;

constexpr std::uint8_t kEmailTag = tag::context(1);
constexpr std::uint8_t kDnsTag = tag::context(2);
constexpr std::uint8_t kUriTag = tag::context(6);
constexpr std::uint8_t kIpTag = tag::context(7);
constexpr std::uint8_t kOtherTag = tag::context_constructed(0);

Profile wifi() {
  return parse_profile(R"({"san": ["dns", "email", "uri", "ip", "upn"],
                           "key_usage": ["digital_signature", "key_encipherment"], "eku": ["client_auth"],
                           "keys": ["rsa>=2048", "p256"]})")
      .value();
}

Bytes purposes(std::initializer_list<Oid> oids) {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (const Oid& oid : oids) writer.oid(oid);
  return writer.end().take();
}

Bytes application_policies(std::initializer_list<Oid> oids) {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (const Oid& oid : oids) writer.begin(tag::kSequence).oid(oid).end();
  return writer.end().take();
}

Bytes usage_bits(KeyUsage bits) {
  return DerWriter().named_bits(bits).take();
}

Bytes constraints(bool ca, bool with_length) {
  DerWriter writer;
  writer.begin(tag::kSequence);
  if (ca) writer.boolean(true);
  if (with_length) writer.integer(0);
  return writer.end().take();
}

Bytes octets(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

// otherName content: type and explicit value.
Bytes other_name(const Oid& type, std::uint8_t value_tag, const std::string& value) {
  return DerWriter().oid(type).begin(tag::context_constructed(0)).text(value_tag, value).end().take();
}

Bytes name_with(const Oid& type, const std::string& value) {
  DerWriter writer;
  writer.begin(tag::kSequence).begin(tag::kSet).begin(tag::kSequence).oid(type);
  return writer.text(tag::kUtf8String, value).end().end().end().take();
}

Bytes name_value_pair(const std::string& name, const std::string& value) {
  const auto wide = [](const std::string& text) {
    Bytes out;
    for (const char c : text) {
      out.push_back(0);
      out.push_back(static_cast<std::uint8_t>(c));
    }
    return out;
  };
  DerWriter writer;
  writer.begin(tag::kSequence)
      .primitive(tag::kBmpString, wide(name))
      .primitive(tag::kBmpString, wide(value))
      .end();
  return writer.take();
}

struct Hostile {
  const char* what;
  const char* code;
  std::function<void(RequestBuilder&)> make;
};

// A SID as Windows wants it in its own extension and as a URI.
constexpr const char* kSid = "S-1-5-21-1004336348-1177238915-682003330-512";

std::vector<Hostile> hostile_requests() {
  const Bytes sid =
      DerWriter()
          .begin(tag::kSequence)
          .begin(tag::context_constructed(0))
          .raw(other_name(Oid::from_dotted("1.3.6.1.4.1.311.25.2.1").value(), tag::kOctetString, kSid))
          .end()
          .end()
          .take();
  const std::string sid_uri = std::string("tag:microsoft.com,2022-09-14:sid:") + kSid;
  const auto upn = [](const std::string& value) {
    return other_name(oids::kMsUserPrincipalName, tag::kUtf8String, value);
  };
  return {
      {"SID extension", "sid_extension", [=](auto& r) { r.extension(oids::kMsSecurityIdentifier, sid); }},
      {"critical SID extension", "sid_extension",
       [=](auto& r) { r.extension(oids::kMsSecurityIdentifier, sid, true); }},
      {"SID extension in Microsoft's older attribute", "sid_extension",
       [=](auto& r) {
         r.extension_attribute(oids::kMsExtensionRequest).extension(oids::kMsSecurityIdentifier, sid);
       }},
      {"SID in a SAN URI", "sid_uri", [=](auto& r) { r.san(kUriTag, sid_uri); }},
      {"SID in a SAN URI in capitals", "sid_uri",
       [=](auto& r) { r.san(kUriTag, std::string("TAG:Microsoft.COM,2022-09-14:SID:") + kSid); }},
      {"SID in a percent-encoded SAN URI", "sid_uri",
       [=](auto& r) { r.san(kUriTag, std::string("tag:%6dicrosoft%2Ecom,2022-09-14:%73id:") + kSid); }},
      {"SID in a SAN URI behind a good name", "sid_uri",
       [=](auto& r) {
         DerWriter names;
         names.begin(tag::kSequence).text(kDnsTag, "device-7.example").text(kUriTag, sid_uri).end();
         r.extension(oids::kSubjectAltName, names.view());
       }},
      {"CA:TRUE", "ca_true",
       [](auto& r) { r.extension(oids::kBasicConstraints, constraints(true, false), true); }},
      {"CA:TRUE with a path length", "ca_true",
       [](auto& r) { r.extension(oids::kBasicConstraints, constraints(true, true), true); }},
      {"a path length without CA:TRUE", "ca_true",
       [](auto& r) { r.extension(oids::kBasicConstraints, constraints(false, true)); }},
      {"CA:FALSE that is written out", "bad_extension",
       [](auto& r) {
         r.extension(oids::kBasicConstraints, octets({0x30, 0x03, 0x01, 0x01, 0x01}));
       }},
      {"keyCertSign", "key_usage_not_allowed",
       [](auto& r) {
         r.extension(oids::kKeyUsage, usage_bits(key_usage::kDigitalSignature | key_usage::kKeyCertSign));
       }},
      {"cRLSign", "key_usage_not_allowed",
       [](auto& r) { r.extension(oids::kKeyUsage, usage_bits(key_usage::kCrlSign)); }},
      {"a key usage with bits that nobody defined", "bad_extension",
       [](auto& r) {
         r.extension(oids::kKeyUsage, octets({0x03, 0x04, 0x00, 0x80, 0x00, 0x01}));
       }},
      {"anyExtendedKeyUsage", "eku_not_allowed",
       [](auto& r) { r.extension(oids::kExtendedKeyUsage, purposes({oids::kAnyExtendedKeyUsage})); }},
      {"enrolment agent", "eku_not_allowed",
       [](auto& r) {
         r.extension(oids::kExtendedKeyUsage, purposes({oids::kClientAuth, oids::kMsEnrollmentAgent}));
       }},
      {"smart card logon", "eku_not_allowed",
       [](auto& r) { r.extension(oids::kExtendedKeyUsage, purposes({oids::kMsSmartcardLogon})); }},
      {"OCSP signing", "eku_not_allowed",
       [](auto& r) { r.extension(oids::kExtendedKeyUsage, purposes({oids::kOcspSigning})); }},
      {"an empty list of purposes", "bad_extension",
       [](auto& r) {
         r.extension(oids::kExtendedKeyUsage, octets({0x30, 0x00}));
       }},
      {"an application policy beyond the purposes", "eku_not_allowed",
       [](auto& r) {
         r.extension(oids::kMsApplicationPolicies, application_policies({oids::kMsEnrollmentAgent}));
       }},
      {"application policies without any", "bad_extension",
       [](auto& r) {
         r.extension(oids::kMsApplicationPolicies, octets({0x30, 0x00}));
       }},
      {"a wildcard that the profile does not name", "wildcard_not_allowed",
       [](auto& r) { r.san(kDnsTag, "*.corp.example"); }},
      {"a UPN that is written backwards", "bad_san",
       [=](auto& r) { r.san(kOtherTag, upn("\u202Essob@example")); }},
      {"a subject that is written backwards", "bad_subject",
       [](auto& r) { r.subject(name_with(oids::kCommonName, "device-\u202E7")); }},
      {"a common name of 65 characters", "bad_subject",
       [](auto& r) { r.subject(name_with(oids::kCommonName, std::string(65, 'a'))); }},
      {"name constraints", "extension_not_allowed",
       [](auto& r) {
         r.extension(Oid::from_dotted("2.5.29.30").value(), octets({0x30, 0x00}));
       }},
      {"an authority key identifier", "extension_not_allowed",
       [](auto& r) {
         r.extension(oids::kAuthorityKeyIdentifier, octets({0x30, 0x00}));
       }},
      {"an issuer alternative name", "extension_not_allowed",
       [](auto& r) {
         r.extension(Oid::from_dotted("2.5.29.18").value(), octets({0x30, 0x00}));
       }},
      {"a CRL distribution point", "extension_not_allowed",
       [](auto& r) {
         r.extension(oids::kCrlDistributionPoints, octets({0x30, 0x00}));
       }},
      {"ocsp-nocheck", "extension_not_allowed",
       [](auto& r) {
         r.extension(Oid::from_dotted("1.3.6.1.5.5.7.48.1.5").value(), octets({0x05, 0x00}));
       }},
      {"an unknown critical extension", "extension_not_allowed",
       [](auto& r) {
         r.extension(Oid::from_dotted("1.2.3.4").value(), octets({0x05, 0x00}), true);
       }},
      {"an empty subject key identifier", "bad_extension",
       [](auto& r) { r.extension(oids::kSubjectKeyIdentifier, DerWriter().octet_string({}).take()); }},
      {"a subject key identifier that is no octet string", "bad_extension",
       [](auto& r) {
         r.extension(oids::kSubjectKeyIdentifier, octets({0x03, 0x02, 0x07, 0x00}));
       }},
      {"a directory name in the SAN", "san_not_allowed",
       [](auto& r) { r.san(tag::context_constructed(4), encode_name("CN=boss").value()); }},
      {"an unknown other name in the SAN", "san_not_allowed",
       [](auto& r) { r.san(kOtherTag, other_name(oids::kCommonName, tag::kUtf8String, "boss")); }},
      {"a registered id in the SAN", "san_not_allowed",
       [](auto& r) {
         r.san(tag::context(8), octets({0x2A, 0x03}));
       }},
      {"a UPN that is no UTF8String", "bad_san",
       [](auto& r) {
         r.san(kOtherTag, other_name(oids::kMsUserPrincipalName, tag::kIa5String, "boss@example"));
       }},
      {"a UPN without a suffix", "bad_san", [=](auto& r) { r.san(kOtherTag, upn("administrator")); }},
      {"a UPN with two signs", "bad_san", [=](auto& r) { r.san(kOtherTag, upn("boss@example@evil")); }},
      {"a DNS name with a NUL", "bad_san",
       [](auto& r) { r.san(kDnsTag, std::string("good.example\0.evil", 18)); }},
      {"a DNS name with a space", "bad_san", [](auto& r) { r.san(kDnsTag, "good.example evil"); }},
      {"a DNS name with an empty label", "bad_san", [](auto& r) { r.san(kDnsTag, "good..example"); }},
      {"a wildcard in the middle", "bad_san", [](auto& r) { r.san(kDnsTag, "www.*.example"); }},
      {"a wildcard for a whole top level", "bad_san", [](auto& r) { r.san(kDnsTag, "*.example"); }},
      {"an address as DNS name with a port", "bad_san", [](auto& r) { r.san(kDnsTag, "192.0.2.7:443"); }},
      {"an empty DNS name", "bad_san", [](auto& r) { r.san(kDnsTag, ""); }},
      {"an email without a domain", "bad_san", [](auto& r) { r.san(kEmailTag, "boss@"); }},
      {"two emails in one", "bad_san", [](auto& r) { r.san(kEmailTag, "a@example,b@example"); }},
      {"a URI without a scheme", "bad_san", [](auto& r) { r.san(kUriTag, "//host/path"); }},
      {"a URI with a line feed", "bad_san", [](auto& r) { r.san(kUriTag, "urn:x\ny"); }},
      {"an IP address of five octets", "bad_san",
       [](auto& r) {
         r.san(kIpTag, octets({1, 2, 3, 4, 5}));
       }},
      {"an IP address with a mask, as constraints have", "bad_san",
       [](auto& r) {
         r.san(kIpTag, octets({10, 0, 0, 0, 255, 0, 0, 0}));
       }},
      {"a SAN without any name", "bad_san",
       [](auto& r) {
         r.extension(oids::kSubjectAltName, octets({0x30, 0x00}));
       }},
      {"a SAN with something behind it", "bad_san",
       [](auto& r) {
         r.extension(oids::kSubjectAltName, octets({0x30, 0x03, 0x82, 0x01, 0x61, 0x00}));
       }},
      {"a key usage that names none", "bad_extension",
       [](auto& r) {
         r.extension(oids::kKeyUsage, octets({0x03, 0x02, 0x07, 0x00}));
       }},
      {"a key usage without a bit", "bad_extension",
       [](auto& r) {
         r.extension(oids::kKeyUsage, octets({0x03, 0x01, 0x00}));
       }},
      {"neither subject nor SAN", "empty_subject",
       [](auto& r) {
         r.subject(octets({0x30, 0x00}));
       }},
      {"a subject with a line feed", "bad_subject",
       [](auto& r) { r.subject(name_with(oids::kCommonName, "device\nadmin")); }},
      {"a subject with an empty value", "bad_subject",
       [](auto& r) { r.subject(name_with(oids::kCommonName, "")); }},
      {"a subject of five kilobytes", "bad_subject",
       [](auto& r) { r.subject(name_with(oids::kCommonName, std::string(5000, 'a'))); }},
      {"an enrolment pair that names a template", "attribute_not_allowed",
       [](auto& r) {
         r.attribute(oids::kMsEnrollmentNameValuePair, name_value_pair("CertificateTemplate", "User"));
       }},
      {"an enrolment pair that names a SAN", "attribute_not_allowed",
       [](auto& r) {
         r.attribute(oids::kMsEnrollmentNameValuePair, name_value_pair("san", "upn=boss@example"));
       }},
      {"an enrolment pair that is none", "attribute_not_allowed",
       [](auto& r) {
         r.attribute(oids::kMsEnrollmentNameValuePair, octets({0x05, 0x00}));
       }},
  };
}

}  // namespace

TEST_CASE("every hostile request is refused for what is hostile in it") {
  const Profile profile = wifi();
  for (const Hostile& hostile : hostile_requests()) {
    RequestBuilder builder;
    hostile.make(builder);
    const std::optional<Violation> violation = check_request(profile, builder.build(), {});
    INFO(hostile.what);
    REQUIRE(violation);
    CHECK(violation->code == hostile.code);
    // What can't be read is malformed; what can be read asks for too much.
    CHECK(violation->kind == (std::string_view(hostile.code).starts_with("bad_")
                                  ? ViolationKind::Malformed
                                  : ViolationKind::BadRequest));
    CHECK_FALSE(violation->message.empty());
  }
}

TEST_CASE("a request for a weak or unlisted key is refused as an algorithm") {
  const Profile profile = wifi();
  const TempDir dir;
  must_run(dir,
           "openssl req -new -newkey rsa:1024 -nodes -keyout a -outform DER -out weak.der -subj /CN=x && "
           "openssl req -new -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 -nodes -keyout b -outform DER "
           "-out three.der "
           "-subj /CN=x && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout c "
           "-outform DER "
           "-out p384.der -subj /CN=x");
  const auto code = [&](const std::string& file) {
    const Result<CertificateRequest> request = parse_certificate_request(dir.read(file));
    REQUIRE(request);
    const std::optional<Violation> violation = check_request(profile, *request, {});
    REQUIRE(violation);
    CHECK(violation->kind == ViolationKind::BadAlg);
    return violation->code;
  };
  CHECK(code("weak.der") == "weak_key");
  CHECK(code("three.der") == "weak_key");
  CHECK(code("p384.der") == "key_not_allowed");
}

TEST_CASE("a request for one of our own keys is refused") {
  const std::array<Sha256Value, 1> own = {some_key().public_key().spki_sha256()};
  const std::optional<Violation> violation = check_request(wifi(), RequestBuilder().build(), own);
  REQUIRE(violation);
  CHECK(violation->code == "own_key");
  CHECK_FALSE(check_request(wifi(), RequestBuilder().build(), {}));
}

TEST_CASE("a SAN kind that the profile does not list is refused even if it is well formed") {
  const Profile none = parse_profile("{}").value();
  RequestBuilder builder;
  builder.san(kDnsTag, "device-7.example");
  CHECK(check_request(none, builder.build(), {})->code == "san_not_allowed");
  CHECK_FALSE(check_request(wifi(), builder.build(), {}));
}

TEST_CASE("what honest clients ask for passes") {
  const Profile profile = wifi();
  const Bytes key_id = DerWriter().octet_string(some_key().public_key().key_identifier()).take();
  DerWriter names;
  names.begin(tag::kSequence).text(kDnsTag, "device-7.example");
  names.text(kEmailTag, "o'neil+x@mail.example")
      .text(kUriTag, "urn:uuid:0e4d")
      .primitive(kIpTag, octets({192, 0, 2, 7}));
  names.begin(kOtherTag)
      .raw(other_name(oids::kMsUserPrincipalName, tag::kUtf8String, "jörg@example"))
      .end()
      .end();
  RequestBuilder builder;
  builder.extension(oids::kSubjectAltName, names.view(), true)
      .extension(oids::kKeyUsage, usage_bits(key_usage::kDigitalSignature), true)
      .extension(oids::kExtendedKeyUsage, purposes({oids::kClientAuth}))
      .extension(oids::kBasicConstraints, constraints(false, false))
      .extension(oids::kSubjectKeyIdentifier, key_id)
      .attribute(oids::kMsEnrollmentNameValuePair, name_value_pair("ValidityPeriodUnits", "2"));
  const std::optional<Violation> violation = check_request(profile, builder.build(), {});
  CHECK_FALSE(violation);
  const GrantedUsage granted = granted_usage(profile, builder.build());
  CHECK(granted.key_usage == key_usage::kDigitalSignature);
  CHECK(granted_usage(profile, RequestBuilder().build()).key_usage ==
        (key_usage::kDigitalSignature | key_usage::kKeyEncipherment));
}

TEST_CASE("a subject key identifier that is not the key's is let be: certmonger writes such") {
  const Bytes strange = DerWriter().octet_string(octets({1, 2, 3, 4})).take();
  const CertificateRequest request = RequestBuilder().extension(oids::kSubjectKeyIdentifier, strange).build();
  CHECK_FALSE(check_request(wifi(), request, {}));
}

TEST_CASE("a purpose that is asked for twice is given once") {
  RequestBuilder builder;
  builder.extension(oids::kExtendedKeyUsage, purposes({oids::kClientAuth, oids::kClientAuth}));
  CHECK_FALSE(check_request(wifi(), builder.build(), {}));
  CHECK(granted_usage(wifi(), builder.build()).extended_key_usage == std::vector<Oid>{oids::kClientAuth});
}

TEST_CASE("a wildcard passes where the profile names wildcards") {
  RequestBuilder builder;
  builder.san(kDnsTag, "*.lab.example");
  CHECK(check_request(wifi(), builder.build(), {})->code == "wildcard_not_allowed");
  const Profile lab = parse_profile(R"({"san": ["dns_wildcard"]})").value();
  CHECK_FALSE(check_request(lab, builder.build(), {}));
  RequestBuilder plain;
  plain.san(kDnsTag, "device-7.example");
  CHECK_FALSE(check_request(lab, plain.build(), {}));
}

TEST_CASE("what Windows writes into every request is let be and gives nothing") {
  RequestBuilder builder;
  builder.extension(oids::kMsTemplateName, octets({0x1E, 0x02, 0x00, 0x41}))
      .extension(oids::kMsTemplate, octets({0x30, 0x00}))
      .extension(oids::kSmimeCapabilities, octets({0x30, 0x00}))
      .extension(oids::kExtendedKeyUsage, purposes({oids::kClientAuth}))
      .extension(oids::kMsApplicationPolicies, application_policies({oids::kClientAuth}))
      .attribute(Oid::from_dotted("1.3.6.1.4.1.311.13.2.3").value(), octets({0x16, 0x01, 0x36}))
      .attribute(Oid::from_dotted("1.3.6.1.4.1.311.21.20").value(), octets({0x30, 0x00}))
      .attribute(Oid::from_dotted("1.3.6.1.4.1.311.13.2.2").value(), octets({0x30, 0x00}));
  CHECK_FALSE(check_request(wifi(), builder.build(), {}));
  CHECK(granted_usage(wifi(), builder.build()).extended_key_usage == std::vector<Oid>{oids::kClientAuth});
}

TEST_CASE("names as long as X.520 allows pass, whatever octets they take") {
  RequestBuilder builder;
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ü";
  builder.subject(name_with(oids::kCommonName, umlauts));
  CHECK_FALSE(check_request(wifi(), builder.build(), {}));
}

TEST_CASE("an empty subject passes with a SAN unless the profile wants a subject") {
  RequestBuilder builder;
  builder.subject(octets({0x30, 0x00})).san(kDnsTag, "device-7.example");
  CHECK_FALSE(check_request(wifi(), builder.build(), {}));
  const Profile strict = parse_profile(R"({"san": ["dns"], "subject_required": true})").value();
  CHECK(check_request(strict, builder.build(), {})->code == "empty_subject");
}

TEST_CASE(
    "a security identifier passes where the profile lets it and a validator has found that very one good") {
  const std::string sid_uri = std::string("tag:microsoft.com,2022-09-14:sid:") + kSid;
  RequestBuilder builder;
  builder.san(kUriTag, sid_uri);
  const CertificateRequest request = builder.build();
  Profile profile = parse_profile(R"({"sid": "pass"})").value();  // without `san: [uri]`: no other URI passes
  const auto verdict = [&](std::string_view sid) {
    const auto violation = check_request(profile, request, {}, {.names = false, .sid = sid});
    return violation ? violation->code : "";
  };
  CHECK(verdict(kSid).empty());
  CHECK(verdict("") == "sid_not_validated");
  CHECK(verdict("S-1-5-21-1004336348-1177238915-682003330-500") == "sid_not_validated");
  profile.sid = SidRule::Extension;
  CHECK(verdict(kSid).empty());
  profile.sid = SidRule::Refuse;
  CHECK(verdict(kSid) == "sid_uri");
  CHECK(check_request(parse_profile(R"({"sid": "pass"})").value(),
                      RequestBuilder().san(kUriTag, "https://laptop.example/").build(), {},
                      {.names = true, .sid = kSid})
            ->code == "san_not_allowed");
}

TEST_CASE("what looks like a security identifier never passes, whatever the validators say") {
  const Profile profile = parse_profile(R"({"san": ["dns", "uri"], "sid": "pass"})").value();
  for (const Hostile& hostile : hostile_requests()) {
    if (!std::string_view(hostile.code).starts_with("sid")) continue;
    INFO(hostile.what);
    RequestBuilder builder;
    hostile.make(builder);
    const auto violation = check_request(profile, builder.build(), {}, {.names = false, .sid = kSid});
    const bool is_plain = std::string_view(hostile.what).starts_with("SID in a SAN URI") &&
                          std::string_view(hostile.what).find("capitals") == std::string_view::npos;
    CHECK((violation ? violation->code : "") == (is_plain ? "" : hostile.code));
  }
}

TEST_CASE("behind a device-management service a profile gives nothing that the request does not ask for") {
  const Vouched vouched{.names = true, .sid = {}};
  const CertificateRequest silent = RequestBuilder().build();
  RequestBuilder asking;
  asking.extension(oids::kKeyUsage, usage_bits(key_usage::kDigitalSignature));
  CHECK(check_request(wifi(), silent, {}, vouched)->code == "key_usage_not_validated");
  CHECK(check_request(wifi(), asking.build(), {}, vouched)->code == "eku_not_validated");
  asking.extension(oids::kExtendedKeyUsage, purposes({oids::kClientAuth}));
  CHECK_FALSE(check_request(wifi(), asking.build(), {}, vouched));

  CHECK_FALSE(check_request(parse_profile(R"({"adds": ["key_usage", "eku"]})").value(), silent, {}, vouched));
  CHECK(check_request(parse_profile(R"({"adds": ["eku"]})").value(), silent, {}, vouched)->code ==
        "key_usage_not_validated");
  CHECK_FALSE(check_request(parse_profile(R"({"key_usage": [], "eku": []})").value(), silent, {}, vouched));
}

}  // namespace certspan::pki
