#include "ca_connection.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace example_ca {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kLongestLine = std::size_t{1} << 20;

/// A socket that is closed when it goes.
class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string error_text(int error) {
  return std::error_code(error, std::system_category()).message();
}

/// True once the socket is ready for `events`; false at the deadline.
bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd entry = {fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// What went wrong, or nothing.
std::optional<std::string> connect_to(int fd, const Address& address, Deadline deadline) {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &where.sin_addr);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) == 0) return std::nullopt;
  if (errno != EINPROGRESS) return error_text(errno);
  if (!wait_for(fd, POLLOUT, deadline)) return "no connection in time";
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return error_text(error);
  return std::nullopt;
}

/// Sends `line`; what went wrong, or nothing. `sent` says whether any byte left.
std::optional<std::string> send_all(int fd, const std::string& line, Deadline deadline, bool& sent) {
  std::size_t done = 0;
  while (done < line.size()) {
    if (!wait_for(fd, POLLOUT, deadline)) return "could not send in time";
    const ssize_t count = ::send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return error_text(errno);
    if (count <= 0) continue;
    sent = true;
    done += static_cast<std::size_t>(count);
  }
  return std::nullopt;
}

std::optional<std::string> receive_line(int fd, Deadline deadline, std::string& line) {
  char buffer[4096];
  while (line.size() < kLongestLine) {
    if (!wait_for(fd, POLLIN, deadline)) return "no answer in time";
    const ssize_t count = ::recv(fd, buffer, sizeof(buffer), 0);
    if (count == 0) return "the CA closed the connection";
    if (count < 0 && errno != EAGAIN && errno != EINTR) return error_text(errno);
    if (count < 0) continue;
    line.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = line.find('\n');
    if (end != std::string::npos) {
      line.resize(end);
      return std::nullopt;
    }
  }
  return "the CA's answer is too long";
}

}  // namespace

Address Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    throw std::invalid_argument("needs an IPv4 address and a port, such as 127.0.0.1:7000");
  Address address;
  address.host = text.substr(0, colon);
  in_addr digits = {};
  if (::inet_pton(AF_INET, address.host.c_str(), &digits) != 1) {
    throw std::invalid_argument("\"" + address.host + "\" is no IPv4 address in digits");
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || address.port == 0) {
    throw std::invalid_argument("\"" + std::string(port) + "\" is no port");
  }
  return address;
}

Exchange ask(const Address& address, const std::string& line, Deadline deadline) {
  const Socket socket;
  if (socket.fd() < 0) return {Exchange::End::NotSent, {}, error_text(errno)};
  if (auto fault = connect_to(socket.fd(), address, deadline)) return {Exchange::End::NotSent, {}, *fault};
  bool sent = false;
  if (auto fault = send_all(socket.fd(), line + "\n", deadline, sent)) {
    return {sent ? Exchange::End::Lost : Exchange::End::NotSent, {}, *fault};
  }
  Exchange exchange = {Exchange::End::Answered, {}, {}};
  if (auto fault = receive_line(socket.fd(), deadline, exchange.text))
    return {Exchange::End::Lost, {}, *fault};
  return exchange;
}

}  // namespace example_ca
