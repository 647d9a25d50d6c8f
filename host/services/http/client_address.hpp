#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/base/ip_network.hpp"

namespace certspan::http {

/// Who sent a request that came from `peer` ("192.0.2.1:40000"), as proxies that are trusted tell it.
/// `forwarded_for` is X-Forwarded-For, to which each proxy adds at the right whom it heard: the last address
/// there that is no trusted proxy's. What stands left of that one, and whatever is no address, could have
/// been written by anybody and counts for nothing. An address without a port gets port 0.
std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           std::span<const IpNetwork> proxies);

/// Of "192.0.2.1:40000" and "[2001:db8::1]:40000".
std::optional<IpAddress> address_of(std::string_view peer);

}  // namespace certspan::http
