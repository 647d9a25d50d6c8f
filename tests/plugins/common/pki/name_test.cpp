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

TEST_CASE("a label never breaks a log line") {
  DerWriter writer;
  writer.begin(tag::kSequence).begin(tag::kSet).begin(tag::kSequence).oid(oids::kCommonName);
  writer.text(tag::kUtf8String, "a\r\nlevel=error").end().end().end();
  CHECK(printable_name(writer.view()) == "CN=a\\0d\\0alevel\\=error");
  CHECK(printable_name(Bytes{0x31, 0x00}) == "<malformed name>");
}

TEST_CASE("names are bounded") {
  DerWriter writer;
  writer.begin(tag::kSequence);
  for (int i = 0; i < 65; ++i) writer.raw(BytesView(encode_name("CN=a").value()).subspan(2));
  CHECK(parse_name(writer.end().view()).error().kind == FaultKind::TooLarge);
  CHECK_FALSE(parse_name(Bytes{0x30, 0x02, 0x31, 0x00}));  // an RDN without attributes
}

}  // namespace certspan::pki
