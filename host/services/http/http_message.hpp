#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/secret.hpp"

namespace certspan {

/// One HTTP request, read in full and owned by whoever holds it. `path` and `query` stand as on the wire,
/// still percent-encoded; scheme and host of an absolute-form target are taken off.
struct HttpRequest {
  std::string listener;
  std::string method;  ///< as sent: methods are case-sensitive (RFC 9110, 9.1)
  std::string path;
  std::string query;           ///< without the '?'
  std::string content_type;    ///< "" if there was none
  std::string remote_address;  ///< "192.0.2.1:40000" or "[2001:db8::1]:40000"
  Bytes body;
  Secret authorization;  ///< the field, on routes that ask for it
  bool tls = false;
};

/// The answer to one request. Content-Length, Date and Connection are the server's; nothing is ever chunked,
/// and the content type is sent as it stands here, without a charset: SCEP clients compare it byte by byte.
struct HttpResponse {
  unsigned status = 200;          ///< 200 to 599; anything else is sent as 500
  unsigned retry_after_s = 0;     ///< 0: no Retry-After
  std::string content_type = {};  ///< "": no Content-Type
  Bytes body = {};
  /// Further ones, name and value. One that is the server's or no field makes the response a 500.
  std::vector<std::pair<std::string, std::string>> fields = {};
};

}  // namespace certspan
