#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace certspan::http {

/// The header that a proxy sends before all else of a connection: version 2 of the PROXY protocol, binary.
/// Its first 16 bytes say how many follow.
inline constexpr std::size_t kProxyHead = 16;
/// Addresses and extensions; more is refused.
inline constexpr std::size_t kMostProxyBytes = 2048;

/// How many bytes follow the first 16; nothing if they are none of such a header, or more would follow than
/// is taken.
std::optional<std::size_t> proxy_bytes_to_come(std::span<const std::uint8_t, kProxyHead> head);

/// What the whole header says.
struct ProxyHeader {
  std::string client;  ///< "192.0.2.1:40000"; empty: the proxy speaks for itself (a health check)
};
/// Nothing for a header that is wrong in itself. Of address families only IPv4 and IPv6 over TCP are taken;
/// others, and the command LOCAL, mean the proxy itself, as the protocol has it.
std::optional<ProxyHeader> parse_proxy_header(std::span<const std::uint8_t, kProxyHead> head,
                                              std::span<const std::uint8_t> rest);

}  // namespace certspan::http
