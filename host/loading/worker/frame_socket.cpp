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

/// Of receiving on an end that waits with deadlines; what is left of a deadline then, poll waits for. One
/// call of the kernel instead of two for all that comes before.
constexpr std::chrono::seconds kTimeOut{1};

/// In front of each packet: how large the frame is. It follows here, or stands in the file that comes along.
struct PacketHead {
  std::uint64_t size;
};

/// The pieces that one frame is sent in.
using Pieces = std::array<BytesView, 4>;

bool write_whole(const FileDescriptor& file, BytesView piece) {
  while (!piece.empty()) {
    const ssize_t got = ::write(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    piece = piece.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

BytesView as_octets(const std::uint64_t& number) {
  return {reinterpret_cast<const std::uint8_t*>(&number), sizeof(number)};
}

FileDescriptor in_memory(const Pieces& pieces) {
  FileDescriptor file(::memfd_create("certspan-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (const BytesView piece : pieces) {
    if (!file || !write_whole(file, piece)) return FileDescriptor();
  }
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return FileDescriptor();
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
  explicit Message(PacketHead& head) {
    message.msg_iov = parts.data();
    add(&head, sizeof(head));
  }
  void add(void* data, std::size_t size) {
    if (size != 0) parts[message.msg_iovlen++] = {data, size};
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

  std::array<iovec, 1 + std::tuple_size_v<Pieces>> parts{};
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

std::pair<FrameSocket, FrameSocket> FrameSocket::pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  constexpr timeval kTimeOutOption{kTimeOut.count(), 0};
  FrameSocket first{FileDescriptor(ends[0])};
  first.times_out_ =
      ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &kTimeOutOption, sizeof(kTimeOutOption)) == 0;
  return {std::move(first), FrameSocket(FileDescriptor(ends[1]))};
}

bool FrameSocket::send(BytesView frame, BytesView ahead, int passed) const {
  const std::uint64_t ahead_size = ahead.size();
  Pieces pieces{frame, {}, {}, {}};
  if (!ahead.empty()) {
    pieces = {frame.first(kFrameStart), as_octets(ahead_size), ahead, frame.subspan(kFrameFields)};
  }
  PacketHead head{frame.size() + ahead.size()};
  Message message(head);
  FileDescriptor file;
  if (head.size > kLargestPacket) {
    if (head.size > kLargestFrame || !(file = in_memory(pieces))) return false;
    passed = file.get();
  } else {
    // sendmsg only reads them; NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    for (const BytesView piece : pieces) message.add(const_cast<std::uint8_t*>(piece.data()), piece.size());
  }
  if (passed >= 0) message.pass(passed);
  for (;;) {
    if (::sendmsg(socket_.get(), &message.message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

/// Waits for the next packet, with at most one call of the kernel when it comes soon. False: it is late.
bool FrameSocket::wait(msghdr& message, steady_clock::time_point deadline, ssize_t& got) const {
  const bool ever = deadline == steady_clock::time_point::max();
  bool poll = !ever && (!times_out_ || deadline - steady_clock::now() < kTimeOut);
  for (;;) {
    if (poll && !wait_readable(socket_.get(), deadline)) return false;
    got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return true;
    poll = !ever;
  }
}

Received FrameSocket::receive(WipedBytes& frame, steady_clock::time_point deadline,
                              FileDescriptor* passed) const {
  PacketHead head{};
  Message message(head);
  message.add(frame.room(kLargestPacket), kLargestPacket);
  message.receive_room();
  ssize_t got = -1;
  if (!wait(message.message, deadline, got)) {
    frame.shrink(0);
    return Received::Late;
  }
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
