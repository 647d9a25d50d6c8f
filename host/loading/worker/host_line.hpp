#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "host/loading/worker/frame.hpp"
#include "host/loading/worker/frame_socket.hpp"
#include "host/loading/worker/protocol.hpp"

/// The worker's side: how the plugin's threads reach the host.
namespace certspan::worker {

/// What the host told with its last call: its clocks and the levels that it logs.
class HostFacts {
 public:
  void read(FrameReader& frame);
  std::uint64_t monotonic_ns() const;
  std::int64_t wall_ms() const;
  bool logs(std::int32_t level) const {
    const unsigned levels = levels_.load(std::memory_order_relaxed);
    return (levels >> level & 1U) != 0;
  }

 private:
  std::atomic<std::int64_t> monotonic_ahead_ns_{0};  ///< of CLOCK_MONOTONIC here
  std::atomic<std::int64_t> wall_ahead_ms_{0};       ///< of CLOCK_MONOTONIC here
  std::atomic<std::uint8_t> levels_{0};
};

/// The call that a thread is inside of, on the slot that it serves. Threads of the plugin's own have none and
/// use the control socket, one at a time.
class HostLine {
 public:
  explicit HostLine(const FrameSocket& slot);
  ~HostLine();
  HostLine(const HostLine&) = delete;
  HostLine& operator=(const HostLine&) = delete;

  /// False: the host is gone.
  static bool tell(const FrameWriter& frame);
  /// Waits for the reply, which is read from `reply` from then on. False: the host is gone.
  static bool ask(const FrameWriter& frame, WipedBytes& reply);
  /// Hands the reply on the control socket to the thread that waits for it.
  static void take_control_reply(const WipedBytes& frame);
  /// Which socket is the control socket. Once, at the start.
  static void set_control(const FrameSocket* socket);

 private:
  const FrameSocket* outer_;
};

}  // namespace certspan::worker
