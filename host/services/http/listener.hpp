#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "host/base/mutex.hpp"
#include "host/services/http/connection.hpp"

namespace certspan::http {

/// A listening socket: accepts on the first io thread and deals its connections to all of them in turn. When
/// the process is out of file descriptors it closes idle connections, waits a moment and goes on. `open`,
/// `port` and `set_tls` may be called from any thread, the others from the first io thread (or before it
/// runs).
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Workers = std::vector<std::shared_ptr<IoWorker>>;
  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

  Listener(std::shared_ptr<ServerState> server, const Workers& workers, const HttpListenerOptions& options,
           TlsContext tls);

  /// Binds and listens.
  Result<void> open(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  bool tls() const;
  /// When the certificate that new connections see ends, in seconds since 1970; nothing without TLS.
  std::optional<std::int64_t> certificate_ends() const;
  void set_tls(TlsContext tls);
  const ListenerState& state() const { return *state_; }

  void accept();
  void close();

 private:
  void accepted(const boost::system::error_code& error, boost::asio::ip::tcp::socket socket,
                std::size_t worker);
  bool make_place();
  void back_off();
  TlsContext current_tls() const;

  const std::shared_ptr<ServerState> server_;
  const Workers workers_;
  const std::shared_ptr<ListenerState> state_;
  const std::size_t max_connections_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer back_off_;
  std::uint16_t port_ = 0;
  std::size_t next_worker_ = 0;
  bool closed_ = false;

  mutable Mutex mutex_;
  TlsContext tls_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan::http
