#include "plugins/common/pki/der_writer.hpp"

#include <catch2/catch.hpp>

#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

std::string hex(DerWriter& writer) {
  return to_hex(writer.take());
}

std::string hex_of(const DerWriter& writer) {
  return to_hex(writer.view());
}

}  // namespace

TEST_CASE("lengths take their short form up to 127 and minimal long forms above") {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
    const Bytes content(size, 0x41);
    DerWriter primitive;
    primitive.octet_string(content);
    DerWriter nested;
    nested.begin(tag::kOctetString).raw(content).end();
    CHECK(equal(primitive.view(), nested.view()));
    const Result<BytesView> read = DerReader(primitive.view(), "test").octet_string();
    REQUIRE(read);
    CHECK(read->size() == size);
  }
}

TEST_CASE("integers are minimal and never turn negative") {
  CHECK(hex_of(DerWriter().integer(0)) == "020100");
  CHECK(hex_of(DerWriter().integer(127)) == "02017f");
  CHECK(hex_of(DerWriter().integer(128)) == "02020080");
  CHECK(hex_of(DerWriter().integer(0xFFFFFFFFFFFFFFFF)) == "020900ffffffffffffffff");
  CHECK(hex_of(DerWriter().unsigned_integer(Bytes{0, 0, 5})) == "020105");
  CHECK(hex_of(DerWriter().unsigned_integer(Bytes{0x80})) == "02020080");
}

TEST_CASE("named bits end with the last one that is set") {
  CHECK(hex_of(DerWriter().named_bits(0)) == "030100");
  CHECK(hex_of(DerWriter().named_bits(1)) == "03020780");        // digitalSignature
  CHECK(hex_of(DerWriter().named_bits(5)) == "030205a0");        // and keyEncipherment
  CHECK(hex_of(DerWriter().named_bits(0x60)) == "03020106");     // keyCertSign, cRLSign
  CHECK(hex_of(DerWriter().named_bits(0x100)) == "0303070080");  // decipherOnly
}

TEST_CASE("times change their form in 2050 and before 1950") {
  CHECK(as_text(BytesView(DerWriter().time(2524607999).take()).subspan(2)) == "491231235959Z");
  CHECK(as_text(BytesView(DerWriter().time(2524608000).take()).subspan(2)) == "20500101000000Z");
  CHECK(as_text(BytesView(DerWriter().time(-631152001).take()).subspan(2)) == "19491231235959Z");
  CHECK(as_text(BytesView(DerWriter().time(0).take()).subspan(2)) == "700101000000Z");
}

TEST_CASE("a set of is sorted by its encodings") {
  DerWriter writer;
  writer.begin(tag::kSet).integer(300).integer(2).octet_string(Bytes{1}).integer(1).end_set_of();
  CHECK(hex(writer) == "310d0201010201020202012c040101");
}

TEST_CASE("nesting to any depth works without recursion") {
  DerWriter writer;
  for (int i = 0; i < 2000; ++i) writer.begin(tag::kSequence);
  for (int i = 0; i < 2000; ++i) writer.end();
  const Bytes bytes = writer.take();
  CHECK(bytes.size() > 4000);
  CHECK(DerReader(bytes, "test").next().value().whole.size() == bytes.size());
}

TEST_CASE("openssl reads what the writer writes") {
  DerWriter writer;
  writer.begin(tag::kSequence)
      .integer(70000)
      .oid(Oid::from_dotted("1.2.840.113549.1.9.7").value())
      .boolean(true);
  writer.begin(tag::context_constructed(0)).text(tag::kUtf8String, "grüße").end();
  writer.begin_bit_string().null().end().time(1790000000).end();
  const test::TempDir dir;
  dir.write("a.der", writer.view());
  const std::string text = test::must_run(dir, "openssl asn1parse -inform DER -in a.der");
  for (const std::string part :
       {"INTEGER           :011170", "OBJECT            :challengePassword", "BOOLEAN           :255",
        "UTF8STRING        :grüße", "BIT STRING", "UTCTIME           :260921141320Z"}) {
    CHECK_THAT(text, Catch::Matchers::Contains(part));
  }
}

}  // namespace certspan::pki
