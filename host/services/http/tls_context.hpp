#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/base/result.hpp"
#include "host/services/http/http_options.hpp"

namespace boost::asio::ssl {
class context;
}

namespace certspan::http {

/// The TLS policy of every listener: TLS 1.2 (all that the Windows SCEP client speaks) and 1.3, forward
/// secrecy, no renegotiation, no compression, session tickets, HTTP/1.1 by ALPN, and never a request for a
/// client certificate (macOS gives up when it is asked for one). Errors name `listener`.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& listener,
                                                                    const TlsMaterial& material);

/// When the certificate that it shows ends, in seconds since 1970.
std::int64_t certificate_ends(boost::asio::ssl::context& context);

}  // namespace certspan::http
