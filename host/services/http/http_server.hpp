#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"
#include "host/services/http/http_exchange.hpp"
#include "host/services/http/http_options.hpp"

namespace certspan {

/// Whether certificates and key can be read and belong together. Errors: as of HttpServer::add_listener.
Result<void> check_tls(const std::string& listener, const TlsMaterial& material);

/// Called on an io thread with a complete request. It must hand the work off at once: while it runs, no other
/// connection of that thread moves. Answering the exchange from inside is legal.
using HttpHandler = std::function<void(HttpRequest request, HttpExchangePtr exchange)>;

/// A flag of a route: phones send whole SCEP messages by GET.
constexpr std::uint32_t kLongRequestLine = 1;
/// A flag of a route: its requests bring their field Authorization.
constexpr std::uint32_t kTakesAuthorization = 2;

/// `path` takes itself and everything below it: "/scep" takes "/scep" and "/scep/pkiclient.exe", not
/// "/scepter". The longest path that fits wins; comparison is byte by byte.
struct HttpRoute {
  std::string listener;
  std::string path;
  std::string owner;  ///< the connector's name; routes are taken away by it
  std::uint32_t flags = 0;
  std::size_t max_body = 64u << 10;  ///< bytes; a larger one gets 413
};

/// The host's HTTP/1.1 server (RFC 9112; HTTP/1.0 too, with or without Host): several listeners, plain or
/// TLS, on a few io threads of its own. Requests of one connection are handled one at a time and in order.
///
/// Thread-safe, except that no member but `add_route`, `abort_connections`, `bound_port` and `status` may be
/// called from inside a handler.
class HttpServer {
 public:
  explicit HttpServer(HttpOptions options = {});
  ~HttpServer();  ///< stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Binds at once, so that a port that is taken or not allowed is told before anything starts; accepts from
  /// `start` on. Fails with Invalid (name taken, address or key not readable) or Unavailable (can't bind).
  Result<void> add_listener(const HttpListenerOptions& options);

  /// Raises the process's limit of open files and starts the io threads and all listeners. Once.
  Result<void> start();

  /// The port that the listener has; what "port 0" became.
  Result<std::uint16_t> bound_port(std::string_view listener) const;

  /// New connections use the new certificate; those that are open keep theirs. On failure nothing changes.
  Result<void> reload_tls(std::string_view listener, const TlsMaterial& material);

  /// The same owner may give its path a new handler at any time, without a gap. Fails with Rejected if the
  /// path is another owner's, Invalid if it is no path or there is no such listener.
  Result<void> add_route(const HttpRoute& route, HttpHandler handler);

  /// Takes away the owner's routes, but for those at `kept`. After it returns no handler of the others runs
  /// or will run. Exchanges that they took remain to be answered.
  void remove_routes(std::string_view owner, std::span<const HttpPlace> kept = {});

  /// Closes the listening sockets; connections live on.
  void stop_accepting();

  /// Stops accepting, closes idle connections, and lets every request that has begun to arrive be answered,
  /// with `Connection: close`. Returns whether no connection was left at the deadline.
  bool drain(std::chrono::steady_clock::time_point deadline);

  /// Closes everything and joins the threads. Legal without `start`, and twice.
  void stop();

  /// From now on not one byte of a response leaves: all connections are closed without a reply, and nothing
  /// is accepted. For a host whose journal failed: whether an answer would be true is not known. Does not
  /// block.
  void abort_connections();

  std::vector<HttpListenerStatus> status() const;
  /// Requests that a handler has and has not answered.
  std::size_t in_flight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace certspan
