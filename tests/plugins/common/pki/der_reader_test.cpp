#include "plugins/common/pki/der_reader.hpp"

#include <catch2/catch.hpp>

#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::pki {
namespace {

using test::from_hex;

// Whether one element can be read from the hex.
bool reads(std::string_view text) {
  const Bytes bytes = from_hex(text);
  return DerReader(bytes, "test").next().has_value();
}

template <class Read>
auto read(std::string_view text, Read member) {
  const Bytes bytes = from_hex(text);
  DerReader reader(bytes, "test");
  return (reader.*member)();
}

std::optional<std::int64_t> time_of(std::uint8_t time_tag, std::string_view text) {
  Bytes bytes = {time_tag, static_cast<std::uint8_t>(text.size())};
  bytes.insert(bytes.end(), text.begin(), text.end());
  const Result<std::int64_t> time = DerReader(bytes, "test").time();
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace

TEST_CASE("only minimal definite lengths are read") {
  CHECK(reads("0400"));
  CHECK(reads("0403010203"));
  CHECK(reads("048180" + std::string(256, '0')));
  CHECK_FALSE(reads("048101ff"));                          // long form for a short length
  CHECK_FALSE(reads("04820080" + std::string(256, '0')));  // leading zero
  CHECK_FALSE(reads("0480010000"));                        // indefinite
  CHECK_FALSE(reads("0485000000000100"));                  // too many octets
  CHECK_FALSE(reads("0484ffffffff00"));                    // beyond the input
  CHECK_FALSE(reads("0402ff"));                            // truncated
  CHECK_FALSE(reads("04"));
  CHECK_FALSE(reads(""));
  CHECK_FALSE(reads("1f8100"));  // tag number above 30
}

TEST_CASE("integers are minimal, unsigned ones not negative, small ones in range") {
  CHECK(read("02017f", &DerReader::integer)->size() == 1);
  CHECK(read("020200ff", &DerReader::integer)->size() == 2);
  CHECK_FALSE(read("0200", &DerReader::integer));
  CHECK_FALSE(read("0202007f", &DerReader::integer));
  CHECK_FALSE(read("0202ff80", &DerReader::integer));
  CHECK(read("020200ff", &DerReader::unsigned_integer)->size() == 1);
  CHECK(read("020100", &DerReader::unsigned_integer)->empty());
  CHECK_FALSE(read("0201ff", &DerReader::unsigned_integer));
  const Bytes big = from_hex("02020100");
  CHECK(DerReader(big, "test").small_integer(256).value() == 256);
  CHECK_FALSE(DerReader(big, "test").small_integer(255));
  const Bytes bigger = from_hex("02060100000000ff");
  CHECK_FALSE(DerReader(bigger, "test").small_integer(0xFFFFFFFF));
}

TEST_CASE("booleans, nulls and bit strings have one form each") {
  CHECK(read("0101ff", &DerReader::boolean).value());
  CHECK_FALSE(read("010100", &DerReader::boolean).value());
  CHECK_FALSE(read("010101", &DerReader::boolean));
  CHECK_FALSE(read("0102ffff", &DerReader::boolean));
  CHECK(read("0500", &DerReader::null));
  CHECK_FALSE(read("050100", &DerReader::null));
  CHECK(read("030205a0", &DerReader::bit_string)->unused_bits == 5);
  CHECK(read("030100", &DerReader::bit_string)->bytes.empty());
  CHECK_FALSE(read("030205a1", &DerReader::bit_string));  // an unused bit is set
  CHECK_FALSE(read("03020800", &DerReader::bit_string));
  CHECK_FALSE(read("030103", &DerReader::bit_string));
  CHECK_FALSE(read("0300", &DerReader::bit_string));
  CHECK_FALSE(read("030205a0", &DerReader::bit_octets));
}

TEST_CASE("object identifiers are minimal and of a bounded length") {
  CHECK(read("06032a0304", &DerReader::oid)->dotted() == "1.2.3.4");
  CHECK(read("0603883703", &DerReader::oid)->dotted() == "2.999.3");
  CHECK_FALSE(read("0600", &DerReader::oid));
  CHECK_FALSE(read("06022a83", &DerReader::oid));    // ends inside an arc
  CHECK_FALSE(read("06032a8003", &DerReader::oid));  // arc with a leading zero
  CHECK_FALSE(read("0603802a03", &DerReader::oid));
  CHECK(read("062f" + std::string(94, '1'), &DerReader::oid).error().kind == FaultKind::TooLarge);
}

TEST_CASE("times are Zulu with seconds and exist in the calendar") {
  CHECK(time_of(tag::kUtcTime, "700101000000Z") == 0);
  CHECK(time_of(tag::kUtcTime, "491231235959Z") == 2524607999);
  CHECK(time_of(tag::kUtcTime, "500101000000Z") == -631152000);
  CHECK(time_of(tag::kGeneralizedTime, "20500101000000Z") == 2524608000);
  CHECK(time_of(tag::kGeneralizedTime, "99991231235959Z") == 253402300799);
  CHECK(time_of(tag::kUtcTime, "240229120000Z") == 1709208000);
  for (const std::string_view bad :
       {"230229120000Z", "241301000000Z", "240100000000Z", "240101240000Z", "240101006000Z", "240101000060Z",
        "2401010000Z", "240101000000+0100", "24010100000 Z", "240101000000"}) {
    INFO(bad);
    CHECK_FALSE(time_of(tag::kUtcTime, bad));
  }
  CHECK_FALSE(time_of(tag::kGeneralizedTime, "20240101000000.5Z"));
}

TEST_CASE("optional elements leave what they don't match") {
  const Bytes bytes = from_hex("a0020500020101");
  DerReader reader(bytes, "test");
  CHECK_FALSE(reader.optional(tag::kInteger).value());
  CHECK(reader.optional(tag::context_constructed(0)).value());
  CHECK(reader.small_integer(1).value() == 1);
  CHECK(reader.finish());
  CHECK_FALSE(reader.optional(tag::kInteger).value());
}

TEST_CASE("what is left over is a fault that names the place") {
  const Bytes bytes = from_hex("05000500");
  DerReader reader(bytes, "test thing");
  REQUIRE(reader.null());
  const Result<void> finished = reader.finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().message == "test thing: unexpected data at the end");
}

TEST_CASE("nesting is bounded") {
  Bytes bytes = {0x05, 0x00};
  for (int i = 0; i < 40; ++i) {
    const auto size = static_cast<std::uint8_t>(bytes.size());
    bytes.insert(bytes.begin(), {tag::kSequence, size});
  }
  DerReader reader(bytes, "test");
  int depth = 0;
  FaultKind kind = FaultKind::Internal;
  while (true) {
    const Result<DerReader> inner = reader.enter(tag::kSequence, "test");
    if (!inner) {
      kind = inner.error().kind;
      break;
    }
    reader = *inner;
    ++depth;
  }
  CHECK(depth == DerReader::kMaxDepth);
  CHECK(kind == FaultKind::TooLarge);
}

}  // namespace certspan::pki
