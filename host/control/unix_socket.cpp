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
constexpr mode_t kMode = 0666;  // SO_PEERCRED decides what a connection may do
constexpr mode_t kDirectoryMode = 0755;
constexpr std::chrono::milliseconds kProbe{2'000};

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

void set_timeout(const FileDescriptor& socket, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = (timeout.count() % 1000) * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/// Removes a socket whose host has gone. What is no socket is never removed: the path may be a slip of the
/// pen.
Result<void> remove_stale(const std::filesystem::path& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Outcome::Invalid, "control.in_use",
                "\"" + path.string() + "\" is no socket: set host.control.socket to a path that is free");
  }
  const auto host = connect_to(path, kProbe);
  if (host || host.error().code != "control.no_host") {
    return fail(Outcome::Unavailable, "control.in_use",
                "another host listens at \"" + path.string() + "\": stop it first");
  }
  ::unlink(path.c_str());
  return {};
}

}  // namespace

Result<FileDescriptor> connect_to(const std::filesystem::path& path, std::chrono::milliseconds timeout) {
  CERTSPAN_TRY(const sockaddr_un address, address_of(path));
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // Before connecting: a host that is stopped with a full queue would hold us for ever.
  set_timeout(socket, timeout);
  if (socket && ::connect(socket.get(), generic(address), sizeof(address)) == 0) return socket;
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    return fail(
        Outcome::Rejected, "control.not_allowed",
        "this user can't get to the control socket \"" + path.string() + "\": " + std::strerror(error));
  }
  if (error == ENOENT || error == ECONNREFUSED) {
    return fail(Outcome::Unavailable, "control.no_host",
                "no host answers at \"" + path.string() + "\": " + std::strerror(error));
  }
  return fail(Outcome::Unavailable, "control.no_answer",
              "the host at \"" + path.string() + "\" does not take the connection: " + std::strerror(error));
}

Result<SocketFile> SocketFile::create(const std::filesystem::path& path) {
  CERTSPAN_TRY(const sockaddr_un address, address_of(path));
  // Empty after a boot. Any other directory that is missing is a slip of the pen.
  // Others pass through it to the socket, whatever the umask; one that is there is the service manager's.
  if (path.parent_path() == kServiceDirectory && ::mkdir(kServiceDirectory, kDirectoryMode) == 0) {
    ::chmod(kServiceDirectory, kDirectoryMode);
  }
  CERTSPAN_CHECK(remove_stale(path));
  SocketFile file;
  file.listener_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct stat status = {};
  if (!file.listener_ || ::bind(file.listener_.get(), generic(address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), kMode) != 0 || ::listen(file.listener_.get(), kBacklog) != 0 ||
      ::lstat(path.c_str(), &status) != 0) {
    return fail(Outcome::Unavailable, "control.cannot_listen",
                "can't listen at control socket \"" + path.string() + "\": " + std::strerror(errno));
  }
  file.path_ = path;
  file.device_ = status.st_dev;
  file.inode_ = status.st_ino;
  return file;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::move(other.path_)),
      listener_(std::move(other.listener_)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

SocketFile::~SocketFile() {
  struct stat status = {};
  if (inode_ == 0 || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
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
  std::size_t searched = 0;
  for (;;) {
    if (const auto end = rest.find('\n', searched); end != std::string::npos) {
      std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return line;
    }
    searched = rest.size();
    if (searched > most) return std::nullopt;
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    rest.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace certspan
