#include "host/services/http/client_address.hpp"

#include <charconv>
#include <optional>

namespace certspan::http {
namespace {

struct Hop {
  IpAddress address;
  std::uint16_t port = 0;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<Hop> with_port(std::string_view address, std::string_view port) {
  const auto parsed = parse_ip_address(address);
  const auto number = parse_port(port);
  if (!parsed || !number) return std::nullopt;
  return Hop{*parsed, *number};
}

/// An address of either family, with a port or without; IPv6 also in brackets.
std::optional<Hop> parse_hop(std::string_view text) {
  if (const auto address = parse_ip_address(text)) return Hop{*address};
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    return rest.starts_with(':') ? with_port(inside, rest.substr(1))
                                 : (rest.empty() ? with_port(inside, "0") : std::nullopt);
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return with_port(text.substr(0, colon), text.substr(colon + 1));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the last member off a list with commas.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return trimmed(last);
}

}  // namespace

std::optional<IpAddress> address_of(std::string_view peer) {
  const auto hop = parse_hop(peer);
  return hop ? std::optional(hop->address) : std::nullopt;
}

std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           std::span<const IpNetwork> proxies) {
  auto hop = parse_hop(peer);
  if (!hop || !any_contains(proxies, hop->address)) return peer;
  bool moved = false;
  while (!forwarded_for.empty() && any_contains(proxies, hop->address)) {
    const auto before = parse_hop(take_last(forwarded_for));
    if (!before) break;
    hop = before;
    moved = true;
  }
  return moved ? to_text(hop->address, hop->port) : peer;
}

}  // namespace certspan::http
