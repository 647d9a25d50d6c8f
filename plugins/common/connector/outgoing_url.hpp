// Where a connector may send what nobody else should read.
#pragma once

#include <string_view>

namespace certspan::connector {

/// https, or http to this machine only (127.0.0.1 or [::1]); no user, password, white space or fragment.
bool is_private_url(std::string_view url);

/// Scheme, host and port, without what follows: "https://graph.microsoft.com". Requires: is_private_url.
std::string_view origin_of(std::string_view url);

}  // namespace certspan::connector
