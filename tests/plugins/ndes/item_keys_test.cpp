#include "plugins/ndes/scep_server/item_keys.hpp"

#include <catch2/catch.hpp>

namespace certspan::scep {
namespace {

RequestIdentity identity() {
  return {
      .endpoint = "scep", .transaction_id = "T1", .request = pki::as_bytes("csr"), .signer = std::nullopt};
}

}  // namespace

TEST_CASE("the same request has the same key") {
  CHECK(item_key(identity()) == item_key(identity()));
}

TEST_CASE("endpoint, transaction, request and signer each make another key") {
  const ItemKey key = item_key(identity());
  auto changed = identity();
  SECTION("endpoint") {
    changed.endpoint = "scep2";
  }
  SECTION("transaction") {
    changed.transaction_id = "T2";
  }
  SECTION("request") {
    changed.request = pki::as_bytes("csr2");
  }
  SECTION("signer") {
    changed.signer = pki::as_bytes("certificate");
  }
  CHECK(item_key(changed) != key);
}

TEST_CASE("text that moves from one field to the next makes another key") {
  auto a = identity();
  a.endpoint = "scepT";
  a.transaction_id = "1";
  auto b = identity();
  b.endpoint = "scep";
  b.transaction_id = "T1";
  CHECK(item_key(a) != item_key(b));
}

TEST_CASE("a poll key names endpoint, transaction and signer key") {
  const auto spki = pki::as_bytes("spki");
  CHECK(poll_key("scep", "T1", spki) == poll_key("scep", "T1", spki));
  CHECK(poll_key("scep2", "T1", spki) != poll_key("scep", "T1", spki));
  CHECK(poll_key("scep", "T2", spki) != poll_key("scep", "T1", spki));
  CHECK(poll_key("scep", "T1", pki::as_bytes("other")) != poll_key("scep", "T1", spki));
}

}  // namespace certspan::scep
