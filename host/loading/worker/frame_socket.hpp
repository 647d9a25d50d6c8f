#pragma once

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/base/file_descriptor.hpp"
#include "host/loading/worker/wiped_bytes.hpp"

namespace certspan::worker {

/// How waiting for a frame ended.
enum class Received : std::uint8_t { Frame, Ended, Late };

/// One end of a pair of sockets that carry frames between host and worker, whole and in order
/// (SOCK_SEQPACKET). A frame of more than 64 KiB goes as a file in memory beside a short packet. Sending may
/// be done by one thread and receiving by another.
class FrameSocket {
 public:
  FrameSocket() = default;
  explicit FrameSocket(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// Both ends of a new pair; not open if the process has no descriptors left. The first end is the one that
  /// waits with deadlines.
  static std::pair<FrameSocket, FrameSocket> pair();

  explicit operator bool() const { return static_cast<bool>(socket_); }
  int get() const { return socket_.get(); }

  /// False: the other end is gone, or there is no memory. With `passed` the other end gets a copy of that
  /// descriptor, if the frame is a short one.
  bool send(BytesView frame, int passed = -1) const { return send(frame, {}, passed); }
  /// Puts the frames of `ahead` into a frame that came from a FrameWriter.
  bool send(BytesView frame, BytesView ahead, int passed = -1) const;

  /// Waits for the next frame until `deadline`. A frame that breaks the rules counts as the end.
  Received receive(WipedBytes& frame, std::chrono::steady_clock::time_point deadline,
                   FileDescriptor* passed = nullptr) const;

 private:
  bool wait(msghdr& message, std::chrono::steady_clock::time_point deadline, ssize_t& got) const;

  FileDescriptor socket_;
  bool times_out_ = false;  ///< waiting to receive ends by itself after a while
};

}  // namespace certspan::worker
