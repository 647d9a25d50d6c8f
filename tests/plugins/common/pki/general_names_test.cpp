#include "plugins/common/pki/general_names.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

GeneralName text_name(GeneralNameKind kind, std::string value) {
  return {kind, std::move(value), {}};
}

bool good(GeneralNameKind kind, const std::string& value) {
  return check_general_name({kind, value, {}}).has_value();
}

}  // namespace

TEST_CASE("every kind of name that openssl writes is read and written back byte by byte") {
  const test::TempDir dir;
  dir.write("c.cnf", std::string_view(R"([req]
distinguished_name = dn
req_extensions = ext
[dn]
[ext]
subjectAltName = @names
[names]
DNS.1 = device.example
email.1 = a@mail.example
URI.1 = urn:uuid:1
IP.1 = 192.0.2.7
IP.2 = 2001:db8::1
RID.1 = 1.2.3.4
otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:joerg@example
otherName.2 = 1.2.3;UTF8:other
dirName.1 = dir
[dir]
CN = directory
)"));
  test::must_run(
      dir,
      "openssl req -new -utf8 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -outform DER -out "
      "r.der -subj /CN=x -config c.cnf");
  const CertificateRequest request = parse_certificate_request(dir.read("r.der")).value();
  const Extension* extension = find_extension(request.extensions(), oids::kSubjectAltName);
  REQUIRE(extension);
  const BytesView value = extension == nullptr ? BytesView() : extension->value;
  const std::vector<GeneralName> names = parse_general_names(value).value();
  std::vector<std::string> texts;
  for (const GeneralName& name : names) texts.push_back(to_string(name));
  std::ranges::sort(texts);
  CHECK(texts == std::vector<std::string>{"directory:CN=directory", "dns:device.example",
                                          "email:a@mail.example", "ip:192.0.2.7", "ip:2001:db8::1",
                                          "other_name:1.2.3;0c056f74686572", "registered_id:1.2.3.4",
                                          "upn:joerg@example", "uri:urn:uuid:1"});
  CHECK(equal(encode_general_names(names), value));
}

TEST_CASE("names of each kind are judged by their own syntax") {
  CHECK(good(GeneralNameKind::Dns, "a"));
  CHECK(good(GeneralNameKind::Dns, "a_b.example-1.co"));
  CHECK(good(GeneralNameKind::Dns, "*.lab.example"));
  CHECK(good(GeneralNameKind::Dns, "12345678"));
  CHECK_FALSE(good(GeneralNameKind::Dns, "192.0.2.7"));
  CHECK_FALSE(good(GeneralNameKind::Dns, "-a.example"));
  CHECK_FALSE(good(GeneralNameKind::Dns, "a.example."));
  CHECK_FALSE(good(GeneralNameKind::Dns, std::string(64, 'a') + ".example"));
  CHECK_FALSE(good(GeneralNameKind::Dns, std::string(254, 'a')));
  CHECK(good(GeneralNameKind::Email, "first.last+tag@mail.example"));
  CHECK_FALSE(good(GeneralNameKind::Email, "mail.example"));
  CHECK_FALSE(good(GeneralNameKind::Email, "a b@mail.example"));
  CHECK(good(GeneralNameKind::Uri, "https://host.example/path?x=1#y"));
  CHECK_FALSE(good(GeneralNameKind::Uri, "1http://host"));
  CHECK_FALSE(good(GeneralNameKind::Uri, "https:"));
  CHECK(good(GeneralNameKind::Upn, "user@corp.example"));
  CHECK_FALSE(good(GeneralNameKind::Upn, "@corp.example"));
}

TEST_CASE("a name in a log can't break its line") {
  CHECK(to_string(text_name(GeneralNameKind::Uri, "urn:a\nb")) == "uri:urn:a\\0ab");
  CHECK(to_string(text_name(GeneralNameKind::Upn, "j\xC3\xBC\xC2\x9B@x")) == "upn:j\xC3\xBC\\c2\\9b@x");
}

TEST_CASE("names for people are told with a space between two, as many as there is room for") {
  const std::vector<GeneralName> names = {text_name(GeneralNameKind::Upn, "jane@corp.example"),
                                          text_name(GeneralNameKind::Uri, "urn:a upn:mary@corp.example"),
                                          text_name(GeneralNameKind::Uri, "urn:long\nname"),
                                          text_name(GeneralNameKind::Dns, "a.example")};
  const Bytes value = encode_general_names(names);
  CHECK(names_for_people(value, 1024) == "upn:jane@corp.example uri:urn:long\\0aname dns:a.example");
  CHECK(names_for_people(value, 36) == "upn:jane@corp.example dns:a.example");
  CHECK(names_for_people(value, 5).empty());
  CHECK(names_for_people({}, 1024).empty());
}

TEST_CASE("at most 128 names are read") {
  const std::vector<GeneralName> names(129, text_name(GeneralNameKind::Dns, "a"));
  CHECK(parse_general_names(encode_general_names(names)).error().kind == FaultKind::TooLarge);
}

}  // namespace certspan::pki
