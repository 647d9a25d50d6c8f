#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace boost::asio::ssl {
class context;
}

namespace certspan::http {

/// A connection's bytes, plain or through TLS. One read and one write may be under way at a time; `done` is
/// called on the socket's io thread, and whatever was borrowed stays valid until then. Not thread-safe.
class Transport {
 public:
  using Done = std::function<void(const boost::system::error_code& error, std::size_t size)>;

  virtual ~Transport() = default;
  virtual bool tls() const = 0;
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;
  /// Both buffers whole, in order.
  virtual void write(const std::array<boost::asio::const_buffer, 2>& from, Done done) = 0;
  /// Says goodbye where the protocol has a word for it. No reads after it.
  virtual void goodbye(Done done) = 0;
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

std::unique_ptr<Transport> make_plain_transport(boost::asio::ip::tcp::socket socket);

/// The context is shared with the listener, which may have a newer one by the time this connection ends.
std::unique_ptr<Transport> make_tls_transport(boost::asio::ip::tcp::socket socket,
                                              std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace certspan::http
