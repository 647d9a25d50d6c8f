// Who sends a request, as far as limits are counted.
#pragma once

#include <string_view>

namespace certspan::scep {

// "192.0.2.1:40000" and "[2001:db8::1]:40000" without the port.
std::string_view without_port(std::string_view address);

}  // namespace certspan::scep
