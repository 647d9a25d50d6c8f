#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/ip_network.hpp"

namespace certspan {

/// A listener's certificate and key in PEM, borrowed until the call returns. The chain stands leaf first; the
/// key is RSA or EC and belongs to the leaf.
struct TlsMaterial {
  std::string_view certificate_chain_pem;
  std::string_view private_key_pem;
};

/// At its connection limit a listener closes the connection that has been idle for longest to let a new one
/// in. If none is idle the new one is told 503 (over TLS just closed, a handshake would cost too much).
struct HttpListenerOptions {
  std::string name;
  std::string host = {};                        ///< an address ("0.0.0.0", "::") or a name of this machine
  std::uint16_t port = 0;                       ///< 0: a free one
  std::size_t max_connections = 10'000;         ///< see above
  std::optional<TlsMaterial> tls = {};          ///< without: plain HTTP
  std::vector<IpNetwork> trusted_proxies = {};  ///< whose word counts for who the client is
  /// Every connection begins with version 2 of the PROXY protocol; any from no trusted proxy is closed.
  bool proxy_protocol = false;
  // Each bounds one phase as a whole, so that a client that trickles is not kept.
  std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte to the empty line; 408
  std::chrono::milliseconds body_timeout{30'000};    ///< 408
  std::chrono::milliseconds idle_timeout{60'000};    ///< between requests, and before the first
};

/// Bounds for every listener. Sizes in bytes; what is above gets the status named here and loses its
/// connection.
struct HttpOptions {
  unsigned io_threads = 1;
  std::size_t request_line = 8'192;        ///< 414
  std::size_t long_request_line = 65'534;  ///< 414, on routes with kLongRequestLine
  std::size_t header_section = 32'768;     ///< 431, counted after the request line
  std::size_t max_in_flight = 10'000;      ///< requests that handlers have not answered; 503
  std::size_t max_buffered = 256u << 20;   ///< received and not yet answered, all connections together; 503
  unsigned retry_after_s = 10;             ///< for the server's own 503
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds write_timeout{30'000};  ///< for a client that does not read
  std::chrono::milliseconds linger_timeout{2'000};  ///< for a refused client to take its answer
  std::size_t slowest_rate = 16u << 10;  ///< bytes a second; bodies and responses get that much longer
};

/// Where requests are taken: `path` takes itself and everything below it.
struct HttpPlace {
  std::string listener;
  std::string path;

  bool operator==(const HttpPlace&) const = default;
};

/// Counters since the start, except for the gauges.
struct HttpListenerStatus {
  std::string name;
  std::string address;              ///< as bound
  std::uint64_t open = 0;           ///< gauge: connections
  std::uint64_t idle = 0;           ///< gauge: those without a request
  std::uint64_t accepted = 0;       ///< connections
  std::uint64_t refused = 0;        ///< connections above max_connections
  std::uint64_t accept_errors = 0;  ///< mostly "too many open files"
  std::uint64_t timed_out = 0;      ///< connections ended by one of the time-outs, idle ones aside
  std::uint64_t requests = 0;       ///< whose header was read
  std::uint64_t responses_2xx = 0;
  std::uint64_t responses_3xx = 0;
  std::uint64_t responses_4xx = 0;
  std::uint64_t responses_5xx = 0;
  std::optional<std::int64_t> certificate_ends = {};  ///< seconds since 1970, with TLS
};

}  // namespace certspan
