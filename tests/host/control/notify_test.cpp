#include "host/control/notify.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "host/control/unix_socket.hpp"

namespace certspan {
namespace {

/// A service manager: a datagram socket at a path, or with '@' in the abstract namespace, and the variables
/// that it gives to its service.
class Manager {
 public:
  explicit Manager(bool abstract = false) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::string name = (std::filesystem::temp_directory_path() / "certspan-notify-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    name = abstract ? "@" + name : name + "/notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (abstract) address.sun_path[0] = '\0';
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
    std::filesystem::remove_all(directory_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string heard() const {
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 5'000) != 1) return "(nothing)";
    std::array<char, 1'024> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(size)};
  }

 private:
  FileDescriptor socket_;
  std::filesystem::path directory_;
};

TEST_CASE("the service manager hears each state in its own words") {
  const Manager manager;
  const Notifier notifier;
  notifier.ready();
  CHECK(manager.heard() == "READY=1");
  notifier.status("3 connectors,\n1 ill");
  CHECK(manager.heard() == "STATUS=3 connectors, 1 ill");
  notifier.watchdog();
  CHECK(manager.heard() == "WATCHDOG=1");
  notifier.reloading();
  const std::string reloading = manager.heard();
  REQUIRE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="));
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long long told = std::stoll(reloading.substr(reloading.find("USEC=") + 5));
  const long long is = now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
  CHECK(told <= is);
  CHECK(told > is - 60'000'000);
  notifier.stopping();
  CHECK(manager.heard() == "STOPPING=1");
}

TEST_CASE("an abstract socket is reached too") {
  const Manager manager(true);
  Notifier().ready();
  CHECK(manager.heard() == "READY=1");
}

TEST_CASE("without a service manager nothing happens") {
  ::unsetenv("NOTIFY_SOCKET");
  const Notifier notifier;
  notifier.ready();
  ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  Notifier().ready();
  ::setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  Notifier().ready();
  ::unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(notifier.watchdog_interval());
}

TEST_CASE("a watched process reports twice in the time that it is given, another's time is not its own") {
  const Manager manager;
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(Notifier().watchdog_interval() == std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(Notifier().watchdog_interval() == std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(Notifier().watchdog_interval());
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "soon", 1);
  CHECK_FALSE(Notifier().watchdog_interval());
}

}  // namespace
}  // namespace certspan
