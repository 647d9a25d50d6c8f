#include "host/loading/worker/frame_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/loading/worker/frame.hpp"

namespace certspan::worker {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLargestPacket = 64UL * 1024;

/// In front of each packet: how large the frame is. It follows here, or stands in the file that comes along.
struct PacketHead {
  std::uint64_t size;
};

FileDescriptor in_memory(BytesView frame) {
  FileDescriptor file(::memfd_create("certspan-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::size_t written = 0;
  while (file && written < frame.size()) {
    const ssize_t got = ::write(file.get(), frame.data() + written, frame.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return FileDescriptor();
    written += static_cast<std::size_t>(got);
  }
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (!file || ::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return FileDescriptor();
  return file;
}

/// Read, not mapped, and only from a file in memory, so that whoever sent it can neither pull it away under
/// us nor make us wait.
bool read_memory(const FileDescriptor& file, std::uint8_t* to, std::size_t size) {
  if (!file || ::fcntl(file.get(), F_GET_SEALS) < 0) return false;
  std::size_t got = 0;
  while (got < size) {
    const ssize_t piece = ::pread(file.get(), to + got, size - got, static_cast<off_t>(got));
    if (piece < 0 && errno == EINTR) continue;
    if (piece <= 0) return false;
    got += static_cast<std::size_t>(piece);
  }
  return true;
}

/// sendmsg and recvmsg with room for one descriptor.
struct Message {
  Message(PacketHead& head, std::uint8_t* data, std::size_t size)
      : parts{{{&head, sizeof(head)}, {data, size}}} {
    message.msg_iov = parts.data();
    message.msg_iovlen = size == 0 ? 1 : 2;
  }
  void pass(int descriptor) {
    receive_room();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof(descriptor));
  }
  void receive_room() {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  FileDescriptor passed() {
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
        head->cmsg_len != CMSG_LEN(sizeof(int))) {
      return FileDescriptor();
    }
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof(descriptor));
    return FileDescriptor(descriptor);
  }

  std::array<iovec, 2> parts;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
};

bool wait_readable(int socket, steady_clock::time_point deadline) {
  for (;;) {
    int wait_ms = -1;
    if (deadline != steady_clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
      wait_ms = static_cast<int>(std::clamp<long long>(left.count(), 0, 3'600'000));
    }
    pollfd waiting{socket, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, wait_ms);
    if (ready > 0) return true;
    if (ready == 0 && steady_clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;  // receiving tells what is wrong
  }
}

}  // namespace

std::uint8_t* WipedBytes::room(std::size_t size) {
  wipe();
  if (octets_.size() < size) octets_ = Bytes(size);
  size_ = size;
  return octets_.data();
}

void WipedBytes::wipe() {
  if (size_ != 0) ::explicit_bzero(octets_.data(), std::min(size_, octets_.size()));
}

std::pair<FrameSocket, FrameSocket> FrameSocket::pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  return {FrameSocket(FileDescriptor(ends[0])), FrameSocket(FileDescriptor(ends[1]))};
}

bool FrameSocket::send(BytesView frame, int passed) const {
  PacketHead head{frame.size()};
  const bool large = frame.size() > kLargestPacket;
  FileDescriptor file;
  if (large) {
    if (frame.size() > kLargestFrame || !(file = in_memory(frame))) return false;
    passed = file.get();
  }
  // sendmsg only reads it; NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  Message message(head, const_cast<std::uint8_t*>(frame.data()), large ? 0 : frame.size());
  if (passed >= 0) message.pass(passed);
  for (;;) {
    if (::sendmsg(socket_.get(), &message.message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

Received FrameSocket::receive(WipedBytes& frame, steady_clock::time_point deadline,
                              FileDescriptor* passed) const {
  PacketHead head{};
  std::uint8_t* room = frame.room(kLargestPacket);
  Message message(head, room, kLargestPacket);
  message.receive_room();
  if (deadline != steady_clock::time_point::max() && !wait_readable(socket_.get(), deadline)) {
    return Received::Late;
  }
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket_.get(), &message.message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  FileDescriptor file = got < 0 ? FileDescriptor() : message.passed();
  if (got < static_cast<ssize_t>(sizeof(head)) ||
      (message.message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Received::Ended;
  }
  const auto size = static_cast<std::size_t>(got) - sizeof(head);
  frame.shrink(size);
  if (head.size > kLargestPacket) {
    if (size != 0 || head.size > kLargestFrame) return Received::Ended;
    return read_memory(file, frame.room(head.size), head.size) ? Received::Frame : Received::Ended;
  }
  if (head.size != size) return Received::Ended;
  if (passed != nullptr) *passed = std::move(file);
  return Received::Frame;
}

}  // namespace certspan::worker
