#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "host/services/http/transport.hpp"

namespace certspan::http {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  bool tls() const override { return false; }
  void handshake(Done done) override { finish(std::move(done)); }
  void read_some(boost::asio::mutable_buffer into, Done done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(const std::array<boost::asio::const_buffer, 2>& from, Done done) override {
    boost::asio::async_write(socket_, from, std::move(done));
  }
  void goodbye(Done done) override { finish(std::move(done)); }
  boost::asio::ip::tcp::socket& socket() override { return socket_; }

 private:
  void finish(Done done) {
    boost::asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }

  boost::asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(boost::asio::ip::tcp::socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace certspan::http
