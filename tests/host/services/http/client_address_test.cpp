#include "host/services/http/client_address.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include "host/services/http/proxy_header.hpp"

using namespace certspan;
using namespace certspan::http;

namespace {

const std::vector<IpNetwork> kProxies = {parse_ip_network("10.0.0.0/8").value(),
                                         parse_ip_network("2001:db8::/64").value()};

std::string client(const char* peer, const char* forwarded) {
  return client_address(peer, forwarded, kProxies);
}

std::vector<std::uint8_t> header(std::uint8_t command, std::uint8_t family, std::vector<std::uint8_t> rest,
                                 int length = -1) {
  std::vector<std::uint8_t> bytes = {0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  const auto size = length < 0 ? rest.size() : static_cast<std::size_t>(length);
  bytes.insert(bytes.end(), {command, family, static_cast<std::uint8_t>(size >> 8U),
                             static_cast<std::uint8_t>(size & 0xffU)});
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

std::optional<ProxyHeader> parsed(const std::vector<std::uint8_t>& bytes) {
  const std::span<const std::uint8_t> all(bytes);
  return parse_proxy_header(all.first<kProxyHead>(), all.subspan(kProxyHead));
}

const std::vector<std::uint8_t> kV4 = {192, 0, 2, 7, 10, 0, 0, 1, 0x9c, 0x40, 0x01, 0xbb};

}  // namespace

TEST_CASE("a trusted proxy's word counts for who the client is") {
  CHECK(client("10.0.0.5:443", "192.0.2.7") == "192.0.2.7:0");
  CHECK(client("10.0.0.5:443", "192.0.2.7:4711") == "192.0.2.7:4711");
  CHECK(client("[2001:db8::5]:443", " 2001:db8:1::9 ") == "[2001:db8:1::9]:0");
  CHECK(client("10.0.0.5:443", "[2001:db8:1::9]:4711") == "[2001:db8:1::9]:4711");
}

TEST_CASE("nobody else's word counts") {
  CHECK(client("192.0.2.1:443", "198.51.100.1") == "192.0.2.1:443");
  CHECK(client_address("10.0.0.5:443", "192.0.2.7", {}) == "10.0.0.5:443");
  // What the client itself had written stands left of what the proxy added.
  CHECK(client("10.0.0.5:443", "198.51.100.1, 192.0.2.7") == "192.0.2.7:0");
  CHECK(client("10.0.0.5:443", "10.0.0.9, 192.0.2.7") == "192.0.2.7:0");
}

TEST_CASE("behind several trusted proxies the client is the last that is none of them") {
  CHECK(client("10.0.0.5:443", "192.0.2.7, 10.0.0.9, 10.9.9.9") == "192.0.2.7:0");
  CHECK(client("10.0.0.5:443", "10.0.0.8, 10.0.0.9") == "10.0.0.8:0");
}

TEST_CASE("what is no address ends the search") {
  CHECK(client("10.0.0.5:443", "") == "10.0.0.5:443");
  CHECK(client("10.0.0.5:443", "unknown") == "10.0.0.5:443");
  CHECK(client("10.0.0.5:443", "192.0.2.7, ,10.0.0.9") == "10.0.0.9:0");
  CHECK(client("10.0.0.5:443", "192.0.2.7, 10.0.0.9:x") == "10.0.0.5:443");
  CHECK(client("10.0.0.5:443", "[192.0.2.7") == "10.0.0.5:443");
  CHECK(client("10.0.0.5:443", "192.0.2.7:70000") == "10.0.0.5:443");
}

TEST_CASE("a PROXY header names the client") {
  CHECK(parsed(header(0x21, 0x11, kV4)).value().client == "192.0.2.7:40000");
  std::vector<std::uint8_t> with_extension = kV4;
  with_extension.insert(with_extension.end(), {0x04, 0, 1, 0});
  CHECK(parsed(header(0x21, 0x11, with_extension)).value().client == "192.0.2.7:40000");
  std::vector<std::uint8_t> v6(36);
  v6[0] = 0x20, v6[1] = 0x01, v6[2] = 0x0d, v6[3] = 0xb8, v6[15] = 9, v6[33] = 80;
  CHECK(parsed(header(0x21, 0x21, v6)).value().client == "[2001:db8::9]:80");
}

TEST_CASE("a proxy that speaks for itself names nobody") {
  CHECK(parsed(header(0x20, 0x00, {})).value().client.empty());
  CHECK(parsed(header(0x20, 0x11, kV4)).value().client.empty());
  CHECK(parsed(header(0x21, 0x31, std::vector<std::uint8_t>(216))).value().client.empty());
}

TEST_CASE("a PROXY header that is wrong is refused") {
  CHECK_FALSE(parsed(header(0x11, 0x11, kV4)));  // version 1
  CHECK_FALSE(parsed(header(0x22, 0x11, kV4)));  // a command that is none
  CHECK_FALSE(parsed(header(0x21, 0x11, {kV4.begin(), kV4.end() - 1})));
  CHECK_FALSE(parsed(header(0x21, 0x21, kV4)));
  CHECK_FALSE(parsed(header(0x21, 0x11, kV4, 11)));
  auto no_signature = header(0x21, 0x11, kV4);
  no_signature[4] = 1;
  CHECK_FALSE(parsed(no_signature));
  const auto huge = header(0x21, 0x11, {}, 0xffff);
  CHECK_FALSE(proxy_bytes_to_come(std::span<const std::uint8_t>(huge).first<kProxyHead>()));
}
