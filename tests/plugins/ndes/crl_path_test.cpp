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
  CHECK(asked_crl("/crl", "/crl") == AskedCrl{});
  CHECK(asked_crl("/crl", "/crl/") == AskedCrl{});
  const AskedCrl whole = {{0x00, 0xFF}, false, 0, 0};
  CHECK(asked_crl("/crl", "/crl/00fF.crl") == whole);
  CHECK(asked_crl("/crl", "/crl/00ff") == whole);
  for (const char* wrong :
       {"/crl/0", "/crl/0g", "/crl/.crl", "/crl/00/11", "/crl/../ra.key", "/crl/%30%30"}) {
    CAPTURE(wrong);
    CHECK_FALSE(asked_crl("/crl", wrong));
  }
  CHECK_FALSE(asked_crl("/crl", "/crl/" + std::string(130, 'a')));
}

TEST_CASE("parts and deltas have names below those of the whole CRL") {
  CHECK(asked_crl("/crl", "/crl/delta.crl") == AskedCrl{{}, true, 0, 0});
  CHECK(asked_crl("/crl", "/crl/00ff-delta.crl") == AskedCrl{{0x00, 0xFF}, true, 0, 0});
  CHECK(asked_crl("/crl", "/crl/00ff/3-of-8.crl") == AskedCrl{{0x00, 0xFF}, false, 3, 8});
  CHECK(asked_crl("/crl", "/crl/00ff/0-of-1024-delta.crl") == AskedCrl{{0x00, 0xFF}, true, 0, 1024});
  for (const char* wrong :
       {"/crl/-delta.crl", "/crl/00/8-of-8.crl", "/crl/00/-1-of-8.crl", "/crl/00/1of8.crl",
        "/crl/00/1-of-.crl", "/crl/00/1-of-99999.crl", "/crl/00/1-of-8/2-of-8.crl", "/crl/3-of-8.crl"}) {
    CAPTURE(wrong);
    CHECK_FALSE(asked_crl("/crl", wrong));
  }
}

}  // namespace
}  // namespace certspan::scep
