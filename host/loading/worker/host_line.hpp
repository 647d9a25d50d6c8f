#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include <certspan/abi/service_store.h>

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
///
/// Each time that host and worker wait for each other costs more than all that they say, so what can wait
/// goes with the next question or with the end of the call: what a source does with its exchange, and writes
/// to the store in a call that carries an item, if that call has seen that nothing speaks against them. The
/// host keeps those only until the call's end, too. What the host foresaw that the plugin would ask came with
/// the call.
class HostLine {
 public:
  /// Which writes of a call to the store need no answer.
  enum class Writes : std::uint8_t {
    Asked,     ///< none: they are durable when the host answers
    Seen,      ///< those that the call has seen to be possible
    Presumed,  ///< all: if the host can't take them, nothing of the call remains
  };

  /// `foreseen`: questions and replies that came ahead of the call, borrowed.
  HostLine(const FrameSocket& slot, BytesView foreseen, Writes writes);
  ~HostLine();
  HostLine(const HostLine&) = delete;
  HostLine& operator=(const HostLine&) = delete;

  /// Sends the end of the call with what has waited. False: the host is gone.
  bool end(const FrameWriter& done);

  /// False: the host is gone.
  static bool tell(const FrameWriter& frame);
  /// As `tell`, with the end of the call that this thread is inside of.
  static bool tell_at_end(const FrameWriter& frame);
  /// The call of this thread has read a record of the store, of revision 0 if there is none.
  static void saw(BytesView key, std::uint64_t revision);
  /// As `tell`, with the next question of this call or with its end. False: there is no call whose writes
  /// wait, or enough of them do, or it has not seen that the host will take them: it has to be asked.
  static bool stage(const certspan_store_write* writes, std::uint64_t count);
  /// Waits for the reply, which is read from `reply` from then on. False: the host is gone.
  static bool ask(const FrameWriter& frame, WipedBytes& reply);
  /// Hands the reply on the control socket to the thread that waits for it.
  static void take_control_reply(const WipedBytes& frame);
  /// Which socket is the control socket. Once, at the start.
  static void set_control(const FrameSocket* socket);

 private:
  bool put_on(const FrameWriter& question, WipedBytes& reply);
  bool take_foreseen(BytesView question, WipedBytes& reply);
  void has_written();

  bool will_be_taken(const certspan_store_write& write) const;

  const FrameSocket& slot_;
  std::vector<BytesView> foreseen_;  ///< questions, each with its reply behind it
  const Writes rule_;
  std::vector<std::pair<Bytes, std::uint64_t>> seen_;  ///< keys and revisions, since the last write
  std::uint64_t written_ = 0;                          ///< records, by this call
  WipedBytes writes_;
  WipedBytes at_end_;
  HostLine* outer_;
};

}  // namespace certspan::worker
