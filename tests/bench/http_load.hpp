#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace certspan::bench {

/// What a load generator sends next: a whole HTTP request, or nothing when there is no more. The view holds
/// until the reply is taken.
using NextRequest = std::function<std::optional<std::string_view>(std::size_t& number)>;
/// Takes the body of the 200 to request `number`.
using TakeReply = std::function<void(std::size_t number, std::string_view body)>;

/// Who sends, as the server sees it. All of 127.0.0.0/8 is this machine.
struct Senders {
  std::uint32_t address = 0x7f000001;  ///< of the first connection
  bool one_each = false;               ///< each further connection has the next address
  bool may_be_refused = false;         ///< a 503 is an answer too
};

/// Connections that stay open, each with one request in flight, on one thread by epoll: a closed loop. Throws
/// std::runtime_error on anything but a whole HTTP/1.1 200 with a Content-Length or in chunks, or what
/// `senders` allow.
class HttpLoad {
 public:
  HttpLoad(std::uint16_t port, std::size_t connections, const Senders& senders = {});
  ~HttpLoad();
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  /// Sends until `length` has passed or nothing is left, then waits for what is in flight. Returns the number
  /// of replies.
  std::uint64_t run(std::chrono::milliseconds length, const NextRequest& next, const TakeReply& take);

 private:
  struct Connection {
    int socket = -1;
    std::size_t number = 0;
    std::string_view unsent = {};
    std::string received = {};
    std::size_t wanted = 0;  ///< of `received`; 0 until the head is read
    std::size_t head = 0;
    bool chunked = false;
  };

  bool start(Connection& connection, const NextRequest& next);
  void send(Connection& connection);
  bool receive(Connection& connection);
  static bool take_chunks(Connection& connection);
  void read_head(Connection& connection) const;

  const Senders senders_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
};

}  // namespace certspan::bench
