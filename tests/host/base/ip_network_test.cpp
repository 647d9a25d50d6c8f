#include "host/base/ip_network.hpp"

#include <catch2/catch.hpp>

using namespace certspan;

namespace {

bool holds(const char* network, const char* address) {
  return parse_ip_network(network).value().contains(parse_ip_address(address).value());
}

}  // namespace

TEST_CASE("a network holds the addresses with its beginning, in both families") {
  CHECK(holds("10.1.0.0/16", "10.1.255.255"));
  CHECK_FALSE(holds("10.1.0.0/16", "10.2.0.0"));
  CHECK(holds("192.0.2.128/25", "192.0.2.128"));
  CHECK_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  CHECK(holds("10.0.0.5", "10.0.0.5"));
  CHECK_FALSE(holds("10.0.0.5", "10.0.0.4"));
  CHECK(holds("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  CHECK_FALSE(holds("::/96", "10.0.0.5"));
}

TEST_CASE("an IPv4 address is the same however it is spelled") {
  CHECK(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(to_text(parse_ip_address("::ffff:10.1.2.3").value()) == "10.1.2.3");
  CHECK(to_text(parse_ip_address("2001:DB8:0::1").value(), 80) == "[2001:db8::1]:80");
}

TEST_CASE("what is no network is told") {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "2001:db8::/129", "10.0.0.5/8", "10.0.0.0/8x", "10.0.0",
        "10.0.0.0/-1", "proxy.example", "10.0.0.0/8/8", "::1%lo"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip_network(text));
  }
}

TEST_CASE("a network of everybody is known in every spelling") {
  for (const char* text : {"0.0.0.0/0", "0.0.0.0/00", "::/0", "::ffff:0.0.0.0/96"}) {
    CAPTURE(text);
    CHECK(parse_ip_network(text).value().covers_a_family());
  }
  CHECK_FALSE(parse_ip_network("0.0.0.0/1").value().covers_a_family());
}
