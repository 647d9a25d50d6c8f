#pragma once

#include <string>

#include "host/services/http/http_message.hpp"

namespace certspan::http {

/// The one framing of every response: status line, Date, Content-Length, then what there is of Content-Type,
/// Retry-After and Connection, and the empty line. A status or content type that can't go on the wire (a
/// plugin gave it) turns the response into an empty 500.
std::string response_head(HttpResponse& response, bool http_1_1, bool keep_alive);

}  // namespace certspan::http
