#include "plugins/common/pkcs11/key_location.hpp"

#include <catch2/catch.hpp>

namespace certspan::pkcs11 {
namespace {

std::string fault_of(const std::string& uri) {
  const auto location = KeyLocation::parse("/module.so", uri);
  return location ? "" : location.error().setting + ": " + location.error().message;
}

}  // namespace

TEST_CASE("a key is named by the label or id of its token and of itself") {
  for (const char* uri : {"pkcs11:token=certspan;object=ca", "pkcs11:serial=4b9e;id=%01%02;type=private",
                          "pkcs11:token=a%20b;object=ca;id=%01", "pkcs11:slot-id=3;object=ca"}) {
    CHECK(fault_of(uri).empty());
  }
  CHECK(KeyLocation::parse("/m", "pkcs11:token=t;id=%01%ab")->object_name() == "id 01ab");
  CHECK(KeyLocation::parse("/m", "pkcs11:token=t;id=%01;object=ca")->object_name() == "\"ca\"");
}

TEST_CASE("what is no such URI, or says what belongs elsewhere, is refused with what to write") {
  CHECK_THAT(fault_of("token=certspan;object=ca"),
             Catch::Contains("uri: is no PKCS #11 URI such as pkcs11:token="));
  CHECK_THAT(fault_of("pkcs11:object=ca"), Catch::Contains("names no token"));
  CHECK_THAT(fault_of("pkcs11:token=certspan"), Catch::Contains("names no key"));
  CHECK_THAT(fault_of("pkcs11:token=t;object=ca?pin-value=1234"), Catch::Contains("holds the PIN"));
  CHECK_THAT(fault_of("pkcs11:token=t;object=ca?pin-source=file:/x"), Catch::Contains("say it as \"pin\""));
  CHECK_THAT(fault_of("pkcs11:token=t;object=ca?module-path=/x.so"), Catch::Contains("say it as \"module\""));
  CHECK_THAT(fault_of("pkcs11:token=t;object=ca;type=cert"), Catch::Contains("no private key"));
  CHECK_THAT(fault_of("pkcs11:token=t;objekt=ca"), Catch::Contains("RFC 7512 does not know"));
}

}  // namespace certspan::pkcs11
