#include "host/control/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace certspan {
namespace {

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof(address.sun_path)) {
    return fail(Outcome::Invalid, "control.cannot_listen",
                "the path of the control socket is too long: \"" + text +
                    "\"; set host.control.socket to a shorter one");
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

void set_timeout(const FileDescriptor& socket, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = (timeout.count() % 1000) * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

Result<FileDescriptor> connect_to(const std::filesystem::path& path, std::chrono::milliseconds timeout) {
  CERTSPAN_TRY(const sockaddr_un address, address_of(path));
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), generic(address), sizeof(address)) != 0) {
    return fail(Outcome::Unavailable, "control.no_host",
                "no host answers at \"" + path.string() + "\": " + std::strerror(errno));
  }
  set_timeout(socket, timeout);
  return socket;
}

Result<FileDescriptor> listen_at(const std::filesystem::path& path) {
  CERTSPAN_TRY(const sockaddr_un address, address_of(path));
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::bind(socket.get(), generic(address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), 0666) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return fail(Outcome::Unavailable, "control.cannot_listen",
                "can't listen at control socket \"" + path.string() + "\": " + std::strerror(errno));
  }
  return socket;
}

bool send_line(const FileDescriptor& socket, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> receive_line(const FileDescriptor& socket, std::string& rest, std::size_t most) {
  std::array<char, 16384> buffer{};
  for (;;) {
    if (const auto end = rest.find('\n'); end != std::string::npos) {
      std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return line;
    }
    if (rest.size() > most) return std::nullopt;
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    rest.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace certspan
