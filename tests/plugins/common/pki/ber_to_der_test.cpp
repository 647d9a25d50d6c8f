#include "plugins/common/pki/ber_to_der.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/der_writer.hpp"
#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::from_hex;

constexpr std::size_t kLimit = 1 << 20;

std::string converted(std::string_view text) {
  const Result<Bytes> der = ber_to_der(from_hex(text), kLimit);
  return der ? to_hex(*der) : der.error().message;
}

}  // namespace

TEST_CASE("DER comes out as it went in") {
  DerWriter writer;
  writer.begin(tag::kSequence)
      .integer(5)
      .octet_string(Bytes(300, 7))
      .begin(tag::context_constructed(0))
      .null()
      .end()
      .end();
  const Bytes der = writer.take();
  CHECK(ber_to_der(der, kLimit).value() == der);
}

TEST_CASE("indefinite and padded lengths become definite and minimal") {
  CHECK(converted("30800201050000") == "3003020105");
  CHECK(converted("3081030281010"
                  "5") == "ber: truncated content");
  CHECK(converted("308104028101"
                  "05") == "3003020105");
  CHECK(converted("30840000000302010"
                  "5") == "3003020105");
  CHECK(converted("3080308002010500000000") == "30053003020105");
}

TEST_CASE("chunks of an octet string become one, in every nesting") {
  CHECK(converted("2480040201020401030000") == "0403010203");
  CHECK(converted("2406040101040102") == "04020102");
  CHECK(converted("2480240804010104010204000401030000") == "0403010203");
  CHECK(converted("24802480040101040102000004010300"
                  "00") == "0403010203");
  CHECK(converted("a08024800401010000"
                  "0000") == "a003040101");
  CHECK(converted("2400") == "0400");
}

TEST_CASE("what is no BER is refused") {
  for (const std::string_view bad :
       {"", "30", "3080", "308002010500", "0480010000", "0000", "300100", "30030201", "24800201010000",
        "300302010500", "30030201050000", "1f8100", "3089010000000000000000", "30050000020105"}) {
    INFO(bad);
    const Result<Bytes> der = ber_to_der(from_hex(bad), kLimit);
    REQUIRE_FALSE(der);
    CHECK(der.error().kind == FaultKind::Malformed);
  }
}

TEST_CASE("depth and size are bounded") {
  Bytes deep;
  for (int i = 0; i < 33; ++i) deep.insert(deep.end(), {0x30, 0x80});
  CHECK(ber_to_der(deep, kLimit).error().kind == FaultKind::TooLarge);
  CHECK(ber_to_der(Bytes(100, 0x30), 99).error().kind == FaultKind::TooLarge);
}

TEST_CASE("many small chunks are joined in reasonable time") {
  Bytes ber = {0x24, 0x80};
  for (int i = 0; i < 100000; ++i) ber.insert(ber.end(), {0x04, 0x01, static_cast<std::uint8_t>(i)});
  ber.insert(ber.end(), {0, 0});
  const Result<Bytes> der = ber_to_der(ber, kLimit);
  REQUIRE(der);
  CHECK(der->size() == 100000 + 5);
}

}  // namespace certspan::pki
