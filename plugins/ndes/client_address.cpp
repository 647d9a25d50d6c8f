#include "plugins/ndes/client_address.hpp"

namespace certspan::scep {

std::string_view without_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return address;
  const bool bare_ipv6 = address.front() != '[' && address.find(':') != colon;
  return bare_ipv6 ? address : address.substr(0, colon);
}

}  // namespace certspan::scep
