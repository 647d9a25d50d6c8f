#include "tests/host/services/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace certspan::test {

RawClient::RawClient() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

RawClient::RawClient(std::uint16_t port) : RawClient() {
  connect(port);
}

bool RawClient::connect(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  return connected_;
}

RawClient::~RawClient() {
  close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : patience(other.patience),
      fd_(std::exchange(other.fd_, -1)),
      connected_(other.connected_),
      buffer_(std::move(other.buffer_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd writable{fd_, POLLOUT, 0};
    if (::poll(&writable, 1, static_cast<int>(patience.count())) <= 0) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  pollfd readable{fd_, POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) return false;
  std::array<char, 16'384> chunk{};
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::until(std::string_view end) {
  std::size_t found = 0;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string result = buffer_.substr(0, found + end.size());
  buffer_.erase(0, found + end.size());
  return result;
}

std::optional<RawResponse> RawClient::response(bool with_body) {
  auto head = until("\r\n\r\n");
  if (!head || !head->starts_with("HTTP/1.1 ")) return std::nullopt;
  RawResponse result;
  result.status = static_cast<unsigned>(std::stoul(head->substr(9, 3)));
  std::size_t line = head->find("\r\n") + 2;
  while (line < head->size() - 2) {
    const std::size_t end = head->find("\r\n", line);
    const std::size_t colon = head->find(": ", line);
    std::string name = head->substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    result.fields[name] = head->substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  const std::size_t size =
      with_body && result.fields.contains("content-length") ? std::stoul(result.fields["content-length"]) : 0;
  while (buffer_.size() < size) {
    if (!fill()) return std::nullopt;
  }
  result.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return result;
}

bool RawClient::ends() {
  if (!buffer_.empty()) return false;
  pollfd readable{fd_, POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

void RawClient::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void RawClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace certspan::test
