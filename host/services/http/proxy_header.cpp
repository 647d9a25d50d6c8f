#include "host/services/http/proxy_header.hpp"

#include <algorithm>

#include "host/base/ip_network.hpp"

namespace certspan::http {
namespace {

constexpr std::array<std::uint8_t, 12> kSignature = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                     0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::size_t kVersionAndCommand = 12, kFamily = 13, kLength = 14;
constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;
constexpr std::uint8_t kTcpOverV4 = 0x11, kTcpOverV6 = 0x21;
constexpr std::size_t kV4 = 4, kV6 = 16;
constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint16_t number_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>((unsigned{bytes[at]} << 8U) | bytes[at + 1]);
}

/// Source and destination address, then their ports.
std::optional<ProxyHeader> read_addresses(std::span<const std::uint8_t> rest, std::size_t size) {
  constexpr std::size_t kPorts = 4;
  if (rest.size() < 2 * size + kPorts) return std::nullopt;
  IpAddress client;
  std::ranges::copy(kMapped, client.octets.begin());
  std::ranges::copy(rest.first(size), client.octets.end() - static_cast<std::ptrdiff_t>(size));
  return ProxyHeader{to_text(client, number_at(rest, 2 * size))};
}

}  // namespace

std::optional<std::size_t> proxy_bytes_to_come(std::span<const std::uint8_t, kProxyHead> head) {
  if (!std::equal(kSignature.begin(), kSignature.end(), head.begin())) return std::nullopt;
  const std::uint8_t command = head[kVersionAndCommand];
  if (command != kLocal && command != kProxy) return std::nullopt;
  const std::size_t size = number_at(head, kLength);
  return size <= kMostProxyBytes ? std::optional(size) : std::nullopt;
}

std::optional<ProxyHeader> parse_proxy_header(std::span<const std::uint8_t, kProxyHead> head,
                                              std::span<const std::uint8_t> rest) {
  const auto size = proxy_bytes_to_come(head);
  if (!size || *size != rest.size()) return std::nullopt;
  if (head[kVersionAndCommand] == kLocal) return ProxyHeader{};
  if (head[kFamily] == kTcpOverV4) return read_addresses(rest, kV4);
  if (head[kFamily] == kTcpOverV6) return read_addresses(rest, kV6);
  return ProxyHeader{};
}

}  // namespace certspan::http
