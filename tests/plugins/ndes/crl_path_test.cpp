#include "plugins/ndes/scep_server/crl_path.hpp"

#include <catch2/catch.hpp>

namespace certspan::scep {
namespace {

TEST_CASE("the CRL's path and what stands below it are told from the rest") {
  CHECK(is_at_or_below("/crl", "/crl"));
  CHECK(is_at_or_below("/crl/00.crl", "/crl"));
  CHECK_FALSE(is_at_or_below("/crls", "/crl"));
  CHECK_FALSE(is_at_or_below("/", "/crl"));
  CHECK(is_at_or_below("/scep", "/"));
}

TEST_CASE("a key identifier in hexadecimal names a CRL, and nothing names that of the first CA") {
  CHECK(asked_crl("/crl", "/crl") == pki::Bytes());
  CHECK(asked_crl("/crl", "/crl/") == pki::Bytes());
  CHECK(asked_crl("/crl", "/crl/00fF.crl") == pki::Bytes{0x00, 0xFF});
  CHECK(asked_crl("/crl", "/crl/00ff") == pki::Bytes{0x00, 0xFF});
  for (const char* wrong :
       {"/crl/0", "/crl/0g", "/crl/.crl", "/crl/00/11", "/crl/../ra.key", "/crl/%30%30"}) {
    CAPTURE(wrong);
    CHECK_FALSE(asked_crl("/crl", wrong));
  }
  CHECK_FALSE(asked_crl("/crl", "/crl/" + std::string(130, 'a')));
}

}  // namespace
}  // namespace certspan::scep
