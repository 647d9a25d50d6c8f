#pragma once

#include <string>
#include <string_view>

namespace certspan {

/// Tells the service manager how the host is (sd_notify's protocol: a datagram to $NOTIFY_SOCKET). Does
/// nothing when there is none. Used by one thread.
class Notifier {
 public:
  /// Reads $NOTIFY_SOCKET once.
  Notifier();

  void ready() const { send("READY=1"); }
  /// With the monotonic time that Type=notify-reload asks for.
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }

 private:
  void send(std::string_view state) const;

  std::string socket_;
};

}  // namespace certspan
