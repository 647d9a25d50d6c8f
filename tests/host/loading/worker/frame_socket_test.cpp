#include "host/loading/worker/frame_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include <catch2/catch.hpp>

#include "host/loading/worker/frame.hpp"

namespace certspan::worker {
namespace {

using std::chrono::steady_clock;

constexpr auto kEver = steady_clock::time_point::max();

TEST_CASE("frames come whole and in order, short ones and such as go beside the socket") {
  const auto [ours, theirs] = FrameSocket::pair();
  const std::vector<std::size_t> sizes = {0, 1, 65'535, 65'536, 65'537, 300'000, 5};
  std::thread sender([&ours = ours, &sizes] {
    for (const std::size_t size : sizes) ours.send(Bytes(size, static_cast<std::uint8_t>(size % 251)));
  });
  WipedBytes frame;
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    REQUIRE(theirs.receive(frame, kEver) == Received::Frame);
    CHECK(equal(frame.view(), Bytes(size, static_cast<std::uint8_t>(size % 251))));
  }
  sender.join();
}

TEST_CASE("frames that wait come ahead of the next one, in one packet or beside the socket") {
  const auto [ours, theirs] = FrameSocket::pair();
  FrameWriter first(FrameKind::Tell, 1);
  first.text("first");
  for (const std::size_t size : {0UL, 100UL, 65'530UL, 100'000UL}) {
    CAPTURE(size);
    FrameWriter second(FrameKind::Tell, 2);
    second.bytes(Bytes(size, 'x'));
    WipedBytes ahead;
    add_frame(ahead, first.frame());
    add_frame(ahead, second.frame());
    FrameWriter last(FrameKind::Done, 3);
    last.text("last");
    std::thread sender([&, &ours = ours] { ours.send(last.frame(), ahead.view()); });
    WipedBytes octets;
    REQUIRE(theirs.receive(octets, kEver) == Received::Frame);
    sender.join();
    FrameReader frame(octets.view());
    CHECK(frame.operation() == 3);
    CHECK(frame.text() == "last");
    CHECK(frame.complete());
    CHECK(equal(frame.ahead(), ahead.view()));
  }
}

TEST_CASE("a deadline that is far away is met as well") {
  const auto [ours, theirs] = FrameSocket::pair();
  WipedBytes frame;
  const auto begin = steady_clock::now();
  CHECK(ours.receive(frame, begin + std::chrono::milliseconds(1100)) == Received::Late);
  const auto took = steady_clock::now() - begin;
  CHECK(took >= std::chrono::milliseconds(1100));
  CHECK(took < std::chrono::milliseconds(1900));
}

TEST_CASE("the end of the other side, and a deadline, are told apart") {
  auto [ours, theirs] = FrameSocket::pair();
  WipedBytes frame;
  CHECK(ours.receive(frame, steady_clock::now()) == Received::Late);
  REQUIRE(theirs.send(as_bytes("last")));
  theirs = FrameSocket();
  CHECK(ours.receive(frame, kEver) == Received::Frame);
  CHECK(ours.receive(frame, kEver) == Received::Ended);
  CHECK_FALSE(ours.send(as_bytes("nobody hears")));
}

TEST_CASE("a descriptor comes along, and none is left when nobody wants it") {
  const auto [ours, theirs] = FrameSocket::pair();
  const auto [given, kept] = FrameSocket::pair();
  REQUIRE(ours.send(as_bytes("slot"), given.get()));
  REQUIRE(ours.send(as_bytes("again"), given.get()));
  WipedBytes frame;
  FileDescriptor passed;
  REQUIRE(theirs.receive(frame, kEver, &passed) == Received::Frame);
  REQUIRE(passed);
  CHECK(::fcntl(passed.get(), F_GETFD) == FD_CLOEXEC);
  const int next_free = ::dup(0);
  ::close(next_free);
  REQUIRE(theirs.receive(frame, kEver) == Received::Frame);
  const int still_free = ::dup(0);
  ::close(still_free);
  CHECK(still_free == next_free);
  const FrameSocket other(std::move(passed));
  REQUIRE(other.send(as_bytes("through the passed one")));
  REQUIRE(kept.receive(frame, kEver) == Received::Frame);
  CHECK(as_text(frame.view()) == "through the passed one");
}

/// What somebody who keeps to no rule may send.
void send_raw(const FrameSocket& socket, std::uint64_t head, std::size_t size, int descriptor = -1) {
  iovec part{&head, size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* about = CMSG_FIRSTHDR(&message);
    about->cmsg_level = SOL_SOCKET;
    about->cmsg_type = SCM_RIGHTS;
    about->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(about), &descriptor, sizeof(descriptor));
  }
  REQUIRE(::sendmsg(socket.get(), &message, 0) >= 0);
}

TEST_CASE("whoever breaks the rules counts as gone") {
  const auto [ours, theirs] = FrameSocket::pair();
  WipedBytes frame;
  constexpr std::uint64_t kLarge = 100'000;
  send_raw(ours, 0, 3);
  CHECK(theirs.receive(frame, kEver) == Received::Ended);
  send_raw(ours, 1, sizeof(std::uint64_t));
  CHECK(theirs.receive(frame, kEver) == Received::Ended);
  send_raw(ours, kLarge, sizeof(kLarge));
  CHECK(theirs.receive(frame, kEver) == Received::Ended);
  send_raw(ours, kLargestFrame + 1, sizeof(std::uint64_t));
  CHECK(theirs.receive(frame, kEver) == Received::Ended);
  // A pipe instead of a file in memory would make us wait for ever.
  std::array<int, 2> pipe{-1, -1};
  REQUIRE(::pipe(pipe.data()) == 0);
  send_raw(ours, kLarge, sizeof(kLarge), pipe[0]);
  CHECK(theirs.receive(frame, kEver) == Received::Ended);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace certspan::worker
