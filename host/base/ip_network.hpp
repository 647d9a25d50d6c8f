#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace certspan {

/// An address of either family; IPv4 as IPv6 maps it (::ffff:192.0.2.1), so that both spellings are one.
struct IpAddress {
  std::array<std::uint8_t, 16> octets{};

  bool is_v4() const;
  bool operator==(const IpAddress&) const = default;
};

/// "192.0.2.1" or "2001:db8::1", without brackets, zone or port.
std::optional<IpAddress> parse_ip_address(std::string_view text);
std::string to_text(const IpAddress& address);
/// "192.0.2.1:40000" or "[2001:db8::1]:40000".
std::string to_text(const IpAddress& address, std::uint16_t port);

/// All addresses with the same beginning.
struct IpNetwork {
  IpAddress first;
  unsigned bits = 128;  ///< of `first` that count, of 128 for both families

  bool contains(const IpAddress& address) const;
  /// All of IPv4, or more.
  bool covers_a_family() const;
  bool operator==(const IpNetwork&) const = default;
};

/// "192.0.2.0/24", "2001:db8::/32", or one address. Nothing for what has bits behind its prefix.
std::optional<IpNetwork> parse_ip_network(std::string_view text);

bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address);

}  // namespace certspan
