#include "plugins/common/pki/certificate_request.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/request_builder.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::must_run;
using test::RequestBuilder;
using test::some_key;
using test::TempDir;

const Bytes& openssl_request() {
  static const Bytes request = [] {
    const TempDir dir;
    dir.write("c.cnf",
              std::string_view("[req]\ndistinguished_name=dn\nprompt=no\nattributes=at\nreq_extensions=ext\n"
                               "[dn]\nO=Example\nCN=device 7\n[at]\nchallengePassword=open sesame\n"
                               "unstructuredName=unit\n[ext]\nsubjectAltName=DNS:device-7.example\n"
                               "keyUsage=critical,digitalSignature\n"));
    must_run(dir, "openssl req -new -newkey rsa:2048 -nodes -keyout k -outform DER -out r.der -config c.cnf");
    return dir.read("r.der");
  }();
  return request;
}

}  // namespace

TEST_CASE("a request of openssl is read with everything in it") {
  const Result<CertificateRequest> request = parse_certificate_request(openssl_request());
  REQUIRE(request);
  CHECK(equal(request->der(), openssl_request()));
  CHECK(printable_name(request->subject()) == "CN=device 7,O=Example");
  CHECK(request->public_key().bits() == 2048);
  const SecretBytes* challenge = request->challenge_password();
  CHECK((challenge != nullptr && challenge->reveal_text() == "open sesame"));
  REQUIRE(request->extensions().size() == 2);
  CHECK(request->extensions()[0].oid == oids::kSubjectAltName);
  CHECK_FALSE(request->extensions()[0].critical);
  CHECK(request->extensions()[1].critical);
  REQUIRE(request->other_attributes().size() == 1);
  CHECK(request->other_attributes()[0].type.dotted() == "1.2.840.113549.1.9.2");
}

TEST_CASE("views stay valid when a request is moved") {
  CertificateRequest first = parse_certificate_request(openssl_request()).value();
  const CertificateRequest second = std::move(first);
  CHECK(printable_name(second.subject()) == "CN=device 7,O=Example");
  CHECK(parse_general_names(second.extensions()[0].value).has_value());
}

TEST_CASE("requests of strongSwan with their unsorted attributes are read") {
  const TempDir dir;
  must_run(dir,
           "pki --gen --type rsa --size 2048 --outform pem > k.pem && pki --req --in k.pem --dn 'O=Example, "
           "CN=x' --san "
           "x.example --password secret > r.der");
  const Result<CertificateRequest> request = parse_certificate_request(dir.read("r.der"));
  REQUIRE(request);
  const SecretBytes* challenge = request->challenge_password();
  CHECK((challenge != nullptr && challenge->reveal_text() == "secret"));
  CHECK(request->extensions().size() == 1);
}

TEST_CASE("every key and digest that we accept verifies") {
  const TempDir dir;
  for (const std::string key :
       {"rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384",
        "ec -pkeyopt ec_paramgen_curve:P-521"}) {
    for (const std::string digest : {"sha256", "sha384", "sha512"}) {
      must_run(dir, "openssl req -new -" + digest + " -newkey " + key +
                        " -nodes -keyout k -outform DER -out r.der -subj /CN=x");
      INFO(key << " " << digest);
      CHECK(parse_certificate_request(dir.read("r.der")));
    }
  }
}

TEST_CASE("SHA-1 passes only where it is allowed") {
  const TempDir dir;
  must_run(dir,
           "openssl req -new -sha1 -newkey rsa:2048 -nodes -keyout k -outform DER -out r.der -subj /CN=x");
  CHECK(parse_certificate_request(dir.read("r.der")).error().kind == FaultKind::UnsupportedAlgorithm);
  RequestOptions options;
  options.danger_allow_sha1 = true;
  CHECK(parse_certificate_request(dir.read("r.der"), options));
}

TEST_CASE("PSS signatures and other keys are refused as unsupported") {
  const TempDir dir;
  must_run(dir,
           "openssl req -new -newkey rsa:2048 -sigopt rsa_padding_mode:pss -nodes -keyout k -outform DER "
           "-out p.der -subj "
           "/CN=x && openssl req -new -newkey ed25519 -nodes -keyout k -outform DER -out e.der -subj /CN=x");
  CHECK(parse_certificate_request(dir.read("p.der")).error().kind == FaultKind::UnsupportedAlgorithm);
  CHECK(parse_certificate_request(dir.read("e.der")).error().kind == FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("a challenge is read from every string type") {
  const auto challenge = [](std::uint8_t string_tag, BytesView content) {
    RequestBuilder builder;
    builder.attribute(oids::kChallengePassword, DerWriter().primitive(string_tag, content).take());
    const CertificateRequest request = builder.build();
    return std::string(request.challenge_password() != nullptr ? request.challenge_password()->reveal_text()
                                                               : "none");
  };
  CHECK(challenge(tag::kPrintableString, as_bytes("abc")) == "abc");
  CHECK(challenge(tag::kUtf8String, as_bytes("grüße")) == "grüße");
  CHECK(challenge(tag::kIa5String, as_bytes("a_b")) == "a_b");
  CHECK(challenge(tag::kT61String, as_bytes("a\xfc")) == "aü");
  CHECK(challenge(tag::kBmpString, Bytes{0, 'a', 0x20, 0xAC}) == "a€");
  CHECK(challenge(tag::kPrintableString, {}).empty());
}

TEST_CASE("attributes that contradict themselves are refused") {
  const Bytes password = DerWriter().text(tag::kPrintableString, "a").take();
  Bytes two = password;
  two.insert(two.end(), password.begin(), password.end());
  const auto kind = [](const RequestBuilder& builder) {
    return parse_certificate_request(builder.der()).error().kind;
  };
  CHECK(kind(RequestBuilder().attribute(oids::kChallengePassword, two)) == FaultKind::Malformed);
  CHECK(kind(RequestBuilder().attribute(oids::kChallengePassword, {})) == FaultKind::Malformed);
  CHECK(kind(RequestBuilder()
                 .attribute(oids::kChallengePassword, password)
                 .attribute(oids::kChallengePassword, password)) == FaultKind::Malformed);
  CHECK(kind(RequestBuilder().attribute(oids::kChallengePassword, DerWriter().integer(1).take())) ==
        FaultKind::Malformed);
  RequestBuilder twice;
  twice.extension(oids::kKeyUsage, DerWriter().named_bits(1).take())
      .extension(oids::kKeyUsage, DerWriter().named_bits(5).take());
  CHECK(kind(twice) == FaultKind::Malformed);
  // The same extension by both attributes that ask for extensions.
  DerWriter older;
  older.begin(tag::kSequence);
  write_extension(older, oids::kKeyUsage, false, [](DerWriter& value) { value.named_bits(5); });
  older.end();
  RequestBuilder both;
  both.extension(oids::kKeyUsage, DerWriter().named_bits(1).take())
      .attribute(oids::kMsExtensionRequest, older.view());
  CHECK(kind(both) == FaultKind::Malformed);
}

TEST_CASE("numbers of attributes, extensions and octets are bounded") {
  RequestBuilder attributes;
  for (int i = 0; i < 33; ++i) attributes.attribute(oids::kCommonName, DerWriter().null().take());
  CHECK(parse_certificate_request(attributes.der()).error().kind == FaultKind::TooLarge);
  RequestBuilder extensions;
  for (int i = 0; i < 33; ++i)
    extensions.extension(Oid::from_dotted("1.2." + std::to_string(i)).value(), DerWriter().null().take());
  CHECK(parse_certificate_request(extensions.der()).error().kind == FaultKind::TooLarge);
  RequestBuilder large;
  large.attribute(oids::kCommonName, DerWriter().octet_string(Bytes(70000)).take());
  CHECK(parse_certificate_request(large.der()).error().kind == FaultKind::TooLarge);
  RequestBuilder secret;
  secret.attribute(oids::kChallengePassword,
                   DerWriter().text(tag::kUtf8String, std::string(16385, 'a')).take());
  CHECK(parse_certificate_request(secret.der()).error().kind == FaultKind::TooLarge);
}

TEST_CASE("a truncated request is refused at every length") {
  const Bytes& whole = openssl_request();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE_FALSE(parse_certificate_request(BytesView(whole).first(size)));
  }
}

TEST_CASE("no flipped bit in a request goes unnoticed") {
  const Bytes& whole = openssl_request();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << (i % 8)));
    INFO(i);
    REQUIRE_FALSE(parse_certificate_request(flipped));
  }
}

TEST_CASE("a request that is checked with another key's decoding is a fault of ours") {
  UnverifiedRequest unverified = UnverifiedRequest::parse(openssl_request()).value();
  CHECK(std::move(unverified).verify_with(some_key().public_key()).error().kind == FaultKind::Internal);
}

TEST_CASE("openssl and we agree on which changed requests verify") {
  // Differential: every byte of a small request set to another value; openssl's own parser is the judge.
  // Where we are stricter the request must not be accepted by us; where we accept, openssl must.
  const TempDir dir;
  must_run(dir,
           "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -outform DER -out "
           "r.der -subj /CN=x");
  const Bytes whole = dir.read("r.der");
  int accepted = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes changed = whole;
    changed[i] = static_cast<std::uint8_t>(changed[i] + 0x55);
    if (!parse_certificate_request(changed)) continue;
    ++accepted;
    dir.write("m.der", changed);
    CHECK(test::run(dir, "openssl req -inform DER -in m.der -verify -noout").exit_code == 0);
  }
  CHECK(accepted <= 1);
}

}  // namespace certspan::pki
