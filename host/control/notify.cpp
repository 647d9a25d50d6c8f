#include "host/control/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "host/control/unix_socket.hpp"

namespace certspan {

namespace {

std::uint64_t number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return 0;
  const std::string_view digits = text;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

}  // namespace

Notifier::Notifier() {
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) socket_ = socket;
  const std::uint64_t timeout = number_in("WATCHDOG_USEC");
  const std::uint64_t watched = number_in("WATCHDOG_PID");
  const bool ours = watched == 0 || watched == static_cast<std::uint64_t>(::getpid());
  if (timeout > 0 && ours) watchdog_interval_ = std::chrono::microseconds(timeout / 2);
}

void Notifier::status(std::string_view text) const {
  std::string state = "STATUS=" + std::string(text);
  std::replace(state.begin(), state.end(), '\n', ' ');  // a new line would begin another assignment
  send(state);
}

void Notifier::reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  send("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void Notifier::send(std::string_view state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace certspan
