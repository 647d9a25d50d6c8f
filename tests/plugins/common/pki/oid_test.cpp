#include "plugins/common/pki/oid.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {

TEST_CASE("object identifiers go to octets and back") {
  for (const std::string text : {"1.2.840.113549.1.1.1", "2.5.4.3", "0.9.2342.19200300.100.1.25", "2.999.1",
                                 "1.3.14.3.2.26", "2.25.4294967295", "0.0", "1.39.0", "2.47.18446744073"}) {
    const std::optional<Oid> oid = Oid::from_dotted(text);
    REQUIRE(oid);
    CHECK(oid->dotted() == text);
  }
  CHECK(to_hex(oids::kRsaEncryption.content()) == "2a864886f70d010101");
  CHECK(to_hex(oids::kScepTransactionId.content()) == "6086480186f845010907");
}

TEST_CASE("what is no object identifier is none") {
  for (const std::string text : {"", "1", "3.1", "1.40", "1..2", "1.2.", ".1.2", "1.2.x", "01.2", "1.02",
                                 "1.-2", "1.2.99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(Oid::from_dotted(text));
  }
  std::string longest = "1.2";
  for (int i = 0; i < 45; ++i) longest += ".1";
  CHECK(Oid::from_dotted(longest));
  CHECK_FALSE(Oid::from_dotted(longest + ".1"));
}

TEST_CASE("an arc above 64 bits is printed without a wrong number") {
  Bytes content = {0x69};
  content.insert(content.end(), 18, 0xFF);
  content.push_back(0x7F);
  CHECK(Oid::from_content(content).dotted() == "2.25.?");
}

}  // namespace certspan::pki
