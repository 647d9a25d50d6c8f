#include "host/base/bytes.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

TEST_CASE("hexadecimal is read in either case, and only in whole bytes") {
  CHECK(from_hex("00fF7a") == Bytes{0x00, 0xff, 0x7a});
  CHECK(from_hex("") == Bytes{});
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("0x"));
  CHECK(to_hex(*from_hex("0badcafe")) == "0badcafe");
}

}  // namespace
}  // namespace certspan
