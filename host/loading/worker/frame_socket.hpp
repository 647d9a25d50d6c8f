#pragma once

#include <chrono>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/base/file_descriptor.hpp"

namespace certspan::worker {

/// Octets that are wiped when they go or are written anew.
class WipedBytes {
 public:
  WipedBytes() = default;
  ~WipedBytes() { wipe(); }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;

  /// Room for `size` octets; what was there is gone.
  std::uint8_t* room(std::size_t size);
  void shrink(std::size_t size) { size_ = size; }
  BytesView view() const { return BytesView(octets_).first(size_); }

 private:
  void wipe();

  Bytes octets_;
  std::size_t size_ = 0;
};

/// How waiting for a frame ended.
enum class Received : std::uint8_t { Frame, Ended, Late };

/// One end of a pair of sockets that carry frames between host and worker, whole and in order
/// (SOCK_SEQPACKET). A frame of more than 64 KiB goes as a file in memory beside a short packet. Sending may
/// be done by one thread and receiving by another.
class FrameSocket {
 public:
  FrameSocket() = default;
  explicit FrameSocket(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// Both ends of a new pair; not open if the process has no descriptors left.
  static std::pair<FrameSocket, FrameSocket> pair();

  explicit operator bool() const { return static_cast<bool>(socket_); }
  int get() const { return socket_.get(); }

  /// False: the other end is gone, or there is no memory. With `passed` the other end gets a copy of that
  /// descriptor, if the frame is a short one.
  bool send(BytesView frame, int passed = -1) const;

  /// Waits for the next frame until `deadline`. A frame that breaks the rules counts as the end.
  Received receive(WipedBytes& frame, std::chrono::steady_clock::time_point deadline,
                   FileDescriptor* passed = nullptr) const;

 private:
  FileDescriptor socket_;
};

}  // namespace certspan::worker
