#include "host/base/ip_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace certspan {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kV4Bits = 32;
constexpr unsigned kAllBits = 128;

/// The octet's bits that count, from the left.
std::uint8_t mask_of(unsigned bits) {
  return static_cast<std::uint8_t>(0xff00U >> std::min(bits, 8U));
}

bool ends_behind_prefix(const IpNetwork& network) {
  for (unsigned i = 0; i < network.first.octets.size(); ++i) {
    const unsigned counted = network.bits > i * 8 ? network.bits - i * 8 : 0;
    if ((network.first.octets.at(i) & static_cast<std::uint8_t>(~mask_of(counted))) != 0) return true;
  }
  return false;
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), octets.begin());
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string name(text);
  IpAddress address;
  if (::inet_pton(AF_INET6, name.c_str(), address.octets.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.octets.begin());
  if (::inet_pton(AF_INET, name.c_str(), address.octets.data() + kMapped.size()) == 1) return address;
  return std::nullopt;
}

std::string to_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, address.octets.data() + kMapped.size(), text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, address.octets.data(), text.data(), text.size());
  }
  return text.data();
}

std::string to_text(const IpAddress& address, std::uint16_t port) {
  const std::string text = to_text(address);
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

bool IpNetwork::contains(const IpAddress& address) const {
  for (unsigned i = 0; i * 8 < bits; ++i) {
    const std::uint8_t mask = mask_of(bits - i * 8);
    if (((first.octets.at(i) ^ address.octets.at(i)) & mask) != 0) return false;
  }
  return true;
}

bool IpNetwork::covers_a_family() const {
  return bits == 0 || (first.is_v4() && bits <= kAllBits - kV4Bits);
}

std::optional<IpNetwork> parse_ip_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto first = parse_ip_address(text.substr(0, slash));
  if (!first) return std::nullopt;
  IpNetwork network{*first, kAllBits};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const bool v4 = text.find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > (v4 ? kV4Bits : kAllBits)) {
    return std::nullopt;
  }
  network.bits = bits + (v4 ? kAllBits - kV4Bits : 0);
  return ends_behind_prefix(network) ? std::nullopt : std::optional(network);
}

bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address) {
  return std::ranges::any_of(networks, [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace certspan
