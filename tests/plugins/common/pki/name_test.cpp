#include "plugins/common/pki/name.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

// The subject of a certificate that openssl made.
Bytes subject_by_openssl(const test::TempDir& dir, const std::string& arguments) {
  test::must_run(
      dir, "openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c.pem " +
               arguments);
  const std::string offset = test::must_run(
      dir,
      "openssl x509 -in c.pem -outform DER -out c.der && openssl asn1parse -inform DER -in c.der | awk -F: "
      "'/d=2 .*SEQUENCE/{n++; if (n==4) print $1+0}'");
  test::must_run(dir, "openssl asn1parse -inform DER -in c.der -noout -strparse " +
                          offset.substr(0, offset.find('\n')) + " -out n.der");
  return dir.read("n.der");
}

}  // namespace

TEST_CASE("a name is written as openssl writes it") {
  const test::TempDir dir;
  const Bytes theirs =
      subject_by_openssl(dir, "-utf8 -subj '/C=DE/O=Example GmbH & Co/OU=Geräte/CN=Example Root CA'");
  const Bytes ours = encode_name("CN=Example Root CA,OU=Geräte,O=Example GmbH & Co,C=DE").value();
  // openssl's default is UTF8String; ours chooses PrintableString where it can (RFC 5280 4.1.2.4).
  CHECK(names_equal(ours, theirs));
  const Name name = parse_name(ours).value();
  CHECK(name.rdns[0][0].string_tag == tag::kPrintableString);
  CHECK(name.rdns[1][0].string_tag == tag::kUtf8String);  // & is not in PrintableString
  CHECK(name.rdns[2][0].string_tag == tag::kUtf8String);
  CHECK(name.rdns[3][0].string_tag == tag::kPrintableString);
  CHECK(*name.find(oids::kCommonName) == "Example Root CA");
}

TEST_CASE("text and DER go into each other") {
  for (const std::string text :
       {"CN=Example Root CA,O=Example", "CN=a\\,b\\+c\\\\d\\\"e", "CN=\\ leading and trailing\\ ", "CN=\\#7",
        "CN=x+serialNumber=42,DC=lab,DC=example", "E=a@b.example,UID=u", "2.5.4.97=VAT", "CN=a\\=b",
        "CN=tab\\09here"}) {
    const Result<Bytes> der = encode_name(text);
    REQUIRE(der);
    CHECK(printable_name(*der) == text);
  }
  CHECK(printable_name(encode_name(" CN = spaced  , O = Example ").value()) == "CN=spaced,O=Example");
  CHECK(to_hex(encode_name("").value()) == "3000");
}

TEST_CASE("text that is no name is refused with the reason") {
  for (const std::string text : {"Example", "CN", "CN=", "=x", "XY=1", "CN=a,", "CN=a,,O=b", "C=Germany",
                                 "C=d!", "CN=a\\", "DC=größe", "CN=a\\00b"}) {
    INFO(text);
    CHECK_FALSE(encode_name(text));
  }
}

TEST_CASE("names are the same whatever their string types, case and spaces") {
  const auto equal_text = [](const std::string& a, const std::string& b) {
    return names_equal(encode_name(a).value(), encode_name(b).value());
  };
  CHECK(equal_text("CN=Example  CA,O=x", "CN=example ca,O=X"));
  CHECK(equal_text("CN=a+O=b", "O=b+CN=a"));
  CHECK_FALSE(equal_text("CN=a,O=b", "O=b,CN=a"));
  CHECK_FALSE(equal_text("CN=a", "O=a"));
  CHECK_FALSE(equal_text("CN=a", "CN=a,O=b"));
  CHECK_FALSE(equal_text("CN=ä", "CN=Ä"));  // only ASCII letters fold
  CHECK_FALSE(names_equal(Bytes{0x30}, encode_name("").value()));
}

// A name of one attribute.
Bytes name_of(const Oid& type, std::uint8_t string_tag, std::string_view value) {
  DerWriter writer;
  writer.begin(tag::kSequence).begin(tag::kSet).begin(tag::kSequence).oid(type);
  writer.text(string_tag, value).end().end().end();
  return writer.take();
}

TEST_CASE("a name is written in the string types of RFC 5280, and stays the same name") {
  const auto tag_of = [](const Oid& type, std::uint8_t string_tag, std::string_view value) {
    const Bytes der = name_of(type, string_tag, value);
    const Bytes written = encode_name(parse_name(der).value()).value();
    CHECK(names_equal(der, written));
    return parse_name(written).value().rdns[0][0].string_tag;
  };
  using namespace std::string_view_literals;
  CHECK(tag_of(oids::kCommonName, tag::kPrintableString, "laptop-7") == tag::kPrintableString);
  CHECK(tag_of(oids::kCommonName, tag::kUtf8String, "laptop-7") == tag::kUtf8String);
  CHECK(tag_of(oids::kCommonName, tag::kIa5String, "laptop@7") == tag::kUtf8String);
  CHECK(tag_of(oids::kCommonName, tag::kT61String, "\xFCnder") == tag::kUtf8String);
  CHECK(tag_of(oids::kCommonName, tag::kBmpString, "\0a\0b"sv) == tag::kUtf8String);
  CHECK(tag_of(oids::kOrganizationName, tag::kUniversalString, "\0\0\0a"sv) == tag::kUtf8String);
  CHECK(tag_of(oids::kCountryName, tag::kUtf8String, "DE") == tag::kPrintableString);
  CHECK(tag_of(oids::kSerialNumber, tag::kUtf8String, "42") == tag::kPrintableString);
  CHECK(tag_of(oids::kDnQualifier, tag::kIa5String, "q") == tag::kPrintableString);
  CHECK(tag_of(oids::kEmailAddress, tag::kUtf8String, "a@b.example") == tag::kIa5String);
  CHECK(tag_of(oids::kDomainComponent, tag::kPrintableString, "example") == tag::kIa5String);
  const Oid unknown = Oid::from_dotted("1.2.3.4").value();
  CHECK(tag_of(unknown, tag::kIa5String, "a") == tag::kIa5String);
  CHECK(tag_of(unknown, tag::kT61String, "a") == tag::kUtf8String);
}

TEST_CASE("what does not fit into its string type is not written") {
  const auto writes = [](const Oid& type, std::string_view value) {
    return encode_name(parse_name(name_of(type, tag::kUtf8String, value)).value()).has_value();
  };
  CHECK_FALSE(writes(oids::kCountryName, "D"));
  CHECK_FALSE(writes(oids::kCountryName, "1-"));
  CHECK_FALSE(writes(oids::kSerialNumber, "4_2"));
  CHECK_FALSE(writes(oids::kDnQualifier, "a@b"));
  CHECK_FALSE(writes(oids::kEmailAddress, "ü@b.example"));
  CHECK_FALSE(writes(oids::kDomainComponent, "größe"));
}

TEST_CASE("a label never breaks a log line") {
  DerWriter writer;
  writer.begin(tag::kSequence).begin(tag::kSet).begin(tag::kSequence).oid(oids::kCommonName);
  writer.text(tag::kUtf8String, "a\r\nlevel=error").end().end().end();
  CHECK(printable_name(writer.view()) == "CN=a\\0d\\0alevel\\=error");
  CHECK(printable_name(Bytes{0x31, 0x00}) == "<malformed name>");
}

TEST_CASE("a label steers no terminal, and looks like what it says") {
  const auto shown = [](std::string_view value) {
    DerWriter writer;
    writer.begin(tag::kSequence).begin(tag::kSet).begin(tag::kSequence).oid(oids::kCommonName);
    writer.text(tag::kUtf8String, value).end().end().end();
    return printable_name(writer.view());
  };
  CHECK(shown("x\xC2\x9B"
              "31mred") == "CN=x\\c2\\9b31mred");  // U+009B begins a control sequence
  CHECK(shown("abc\xE2\x80\xAE"
              "dcba") == "CN=abc\\e2\\80\\aedcba");  // U+202E turns the direction
  CHECK(shown("a\xE2\x80\xA8"
              "b") == "CN=a\\e2\\80\\a8b");  // U+2028 ends a line
  CHECK(shown("Jürgen 東京") == "CN=Jürgen 東京");
  CHECK(printable_name(encode_name("CN=x\\c2\\9b31mred").value()) == "CN=x\\c2\\9b31mred");
}

TEST_CASE("names are bounded") {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (int i = 0; i < 65; ++i) writer.raw(BytesView(encode_name("CN=a").value()).subspan(2));
  CHECK(parse_name(writer.end().view()).error().kind == FaultKind::TooLarge);
  CHECK_FALSE(parse_name(Bytes{0x30, 0x02, 0x31, 0x00}));  // an RDN without attributes
}

}  // namespace certspan::pki
