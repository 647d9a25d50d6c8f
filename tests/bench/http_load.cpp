#include "tests/bench/http_load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace certspan::bench {
namespace {

constexpr int kStuckMs = 30000;

int require(long result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return static_cast<int>(result);
}

sockaddr_in place(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

int connect_to(std::uint16_t port, std::uint32_t from) {
  const int socket = require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in own = place(from, 0);
  require(::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof(own)), "bind");
  const sockaddr_in address = place(INADDR_LOOPBACK, port);
  require(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "connect");
  const int on = 1;
  require(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "setsockopt");
  return socket;
}

}  // namespace

HttpLoad::HttpLoad(std::uint16_t port, std::size_t connections, const Senders& senders)
    : senders_(senders), epoll_(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
  connections_.resize(connections);
  for (std::size_t i = 0; i < connections; ++i) {
    connections_[i].socket =
        connect_to(port, senders.address + (senders.one_each ? static_cast<std::uint32_t>(i) : 0));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    require(::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].socket, &event), "epoll_ctl");
  }
}

HttpLoad::~HttpLoad() {
  for (const Connection& connection : connections_) {
    if (connection.socket >= 0) ::close(connection.socket);
  }
  if (epoll_ >= 0) ::close(epoll_);
}

bool HttpLoad::start(Connection& connection, const NextRequest& next) {
  const auto request = next(connection.number);
  if (!request) return false;
  connection.unsent = *request;
  connection.received.clear();
  connection.wanted = 0;
  connection.chunked = false;
  send(connection);
  return true;
}

// A request is a few kilobytes and the reply to the last one is in, so a socket's buffer takes it whole.
void HttpLoad::send(Connection& connection) {
  while (!connection.unsent.empty()) {
    const auto sent =
        ::send(connection.socket, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    require(sent, "send");
    connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpLoad::read_head(Connection& connection) const {
  const std::size_t end = connection.received.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string_view head(connection.received.data(), end);
  constexpr std::string_view kLength = "Content-Length: ";
  connection.chunked =
      head.starts_with("HTTP/1.1 200") && head.find("Transfer-Encoding: chunked") != std::string_view::npos;
  if (connection.chunked) {
    connection.head = connection.wanted = end + 4;
    return;
  }
  const std::size_t length = head.find(kLength);
  std::size_t body = 0;
  const bool answer =
      head.starts_with("HTTP/1.1 200") || (senders_.may_be_refused && head.starts_with("HTTP/1.1 503"));
  if (!answer || length == std::string_view::npos ||
      std::from_chars(head.data() + length + kLength.size(), head.data() + head.size(), body).ec !=
          std::errc()) {
    throw std::runtime_error("an answer of the host: " + std::string(head));
  }
  connection.head = end + 4;
  connection.wanted = connection.head + body;
}

// Whether the reply is whole.
bool HttpLoad::receive(Connection& connection) {
  std::array<char, 16384> buffer;
  const auto got = ::recv(connection.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  require(got, "recv");
  if (got == 0) throw std::runtime_error("the host closed a connection");
  connection.received.append(buffer.data(), static_cast<std::size_t>(got));
  if (connection.wanted == 0) read_head(connection);
  if (connection.wanted != 0 && connection.chunked) return take_chunks(connection);
  return connection.wanted != 0 && connection.received.size() >= connection.wanted;
}

// Takes the frames off whole chunks (RFC 9112 7.1): what is wanted ends before the first that is not whole.
// True: the last one is in.
bool HttpLoad::take_chunks(Connection& connection) {
  constexpr std::string_view kEnd = "\r\n";
  std::string& received = connection.received;
  for (;;) {
    const std::size_t line = received.find(kEnd, connection.wanted);
    if (line == std::string::npos) return false;
    std::size_t size = 0;
    if (std::from_chars(received.data() + connection.wanted, received.data() + line, size, 16).ec !=
        std::errc()) {
      throw std::runtime_error("an answer's chunk has no size");
    }
    const std::size_t begin = line + kEnd.size();
    if (received.size() < begin + size + kEnd.size()) return false;
    received.erase(begin + size, kEnd.size());
    received.erase(connection.wanted, begin - connection.wanted);
    connection.wanted += size;
    if (size == 0) return true;
  }
}

std::uint64_t HttpLoad::run(std::chrono::milliseconds length, const NextRequest& next,
                            const TakeReply& take) {
  const auto end = std::chrono::steady_clock::now() + length;
  std::uint64_t replies = 0;
  std::size_t in_flight = 0;
  for (Connection& connection : connections_) {
    if (start(connection, next)) ++in_flight;
  }
  std::array<epoll_event, 64> events{};
  while (in_flight > 0) {
    const int count =
        require(::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kStuckMs), "epoll_wait");
    if (count == 0) throw std::runtime_error("the host does not answer");
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
      if (!receive(connection)) continue;
      take(
          connection.number,
          std::string_view(connection.received).substr(connection.head, connection.wanted - connection.head));
      ++replies;
      --in_flight;
      if (std::chrono::steady_clock::now() < end && start(connection, next)) ++in_flight;
    }
  }
  return replies;
}

}  // namespace certspan::bench
