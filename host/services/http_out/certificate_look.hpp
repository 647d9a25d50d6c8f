#pragma once

#include <string>

#include "host/services/http_out/curl_client.hpp"

namespace certspan {

/// Who issued the last certificate that a server shows, as `issuer` reads for people: "CN = Corp Inspection
/// CA". Makes a connection of its own, trusts nobody and sends no request. Blocks, at most the connect
/// timeout. Empty if there is no TLS to be had. What can't be printed is "?", and no more than 200 octets
/// come.
std::string issuer_shown(const std::string& url, const HttpOutOptions& options);

}  // namespace certspan
