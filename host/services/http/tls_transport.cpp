#include <utility>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "host/services/http/transport.hpp"

namespace certspan::http {
namespace {

class TlsTransport final : public Transport {
 public:
  TlsTransport(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  bool tls() const override { return true; }
  void handshake(Done done) override {
    stream_.async_handshake(boost::asio::ssl::stream_base::server,
                            [done = std::move(done)](const auto& error) { done(error, 0); });
  }
  void read_some(boost::asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(const std::array<boost::asio::const_buffer, 2>& from, Done done) override {
    boost::asio::async_write(stream_, from, std::move(done));
  }
  void goodbye(Done done) override {
    // Our close_notify is sent, theirs is not waited for: nothing that they could still say matters.
    SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);
    stream_.async_shutdown([done = std::move(done)](const auto& error) { done(error, 0); });
  }
  boost::asio::ip::tcp::socket& socket() override { return stream_.next_layer(); }

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(boost::asio::ip::tcp::socket socket,
                                              std::shared_ptr<boost::asio::ssl::context> context) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(context));
}

}  // namespace certspan::http
