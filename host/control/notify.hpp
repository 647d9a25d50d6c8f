#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace certspan {

/// Tells the service manager how the host is (sd_notify's protocol: a datagram to $NOTIFY_SOCKET). Does
/// nothing when there is none, and never blocks for long. Thread-safe.
class Notifier {
 public:
  /// Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID once.
  Notifier();

  void ready() const { send("READY=1"); }
  /// With the monotonic time that Type=notify-reload asks for; `ready` ends it.
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }
  /// One line for people, shown by `systemctl status`.
  void status(std::string_view text) const;
  /// "Still alive"; due at least once in each `watchdog_interval`.
  void watchdog() const { send("WATCHDOG=1"); }

  /// Half of what the service manager waits for, or nothing if it does not watch this process.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view state) const;

  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace certspan
