#include "host/services/http/remote_address.hpp"

namespace certspan::http {

namespace ip = boost::asio::ip;

std::string to_text(const ip::tcp::endpoint& endpoint) {
  const std::string port = ":" + std::to_string(endpoint.port());
  const ip::address address = endpoint.address();
  if (address.is_v4()) return address.to_string() + port;
  if (address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string() + port;
  }
  return "[" + address.to_string() + "]" + port;
}

std::string remote_address(const ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : to_text(endpoint);
}

}  // namespace certspan::http
