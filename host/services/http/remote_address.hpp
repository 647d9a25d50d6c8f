#pragma once

#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace certspan::http {

/// "192.0.2.1:40000" or "[2001:db8::1]:40000"; IPv4 clients of an IPv6 socket are shown as IPv4.
std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

/// Of the socket's peer; "" if it has gone already.
std::string remote_address(const boost::asio::ip::tcp::socket& socket);

}  // namespace certspan::http
