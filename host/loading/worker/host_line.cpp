#include "host/loading/worker/host_line.hpp"

#include <time.h>

#include <chrono>
#include <condition_variable>
#include <cstring>

namespace certspan::worker {
namespace {

thread_local const FrameSocket* own_slot = nullptr;

std::int64_t local_monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The control socket, with the one question that may be under way on it.
struct Control {
  const FrameSocket* socket = nullptr;
  std::mutex turn;
  std::mutex mutex;
  std::condition_variable answered;
  const WipedBytes* reply = nullptr;
  bool taken = false;
};

Control& control() {
  static auto* const only = new Control;  // threads of the plugin may outlive everything else
  return *only;
}

}  // namespace

void HostFacts::read(FrameReader& frame) {
  const auto monotonic = frame.number<std::uint64_t>();
  const auto wall = frame.number<std::int64_t>();
  const std::int64_t here = local_monotonic_ns();
  monotonic_ahead_ns_.store(static_cast<std::int64_t>(monotonic) - here, std::memory_order_relaxed);
  wall_ahead_ms_.store(wall - here / 1'000'000, std::memory_order_relaxed);
  levels_.store(frame.number<std::uint8_t>(), std::memory_order_relaxed);
}

std::uint64_t HostFacts::monotonic_ns() const {
  return static_cast<std::uint64_t>(local_monotonic_ns() +
                                    monotonic_ahead_ns_.load(std::memory_order_relaxed));
}

std::int64_t HostFacts::wall_ms() const {
  return local_monotonic_ns() / 1'000'000 + wall_ahead_ms_.load(std::memory_order_relaxed);
}

HostLine::HostLine(const FrameSocket& slot) : outer_(own_slot) {
  own_slot = &slot;
}

HostLine::~HostLine() {
  own_slot = outer_;
}

bool HostLine::tell(const FrameWriter& frame) {
  return (own_slot != nullptr ? own_slot : control().socket)->send(frame.frame());
}

bool HostLine::ask(const FrameWriter& frame, WipedBytes& reply) {
  if (own_slot != nullptr) {
    return own_slot->send(frame.frame()) &&
           own_slot->receive(reply, std::chrono::steady_clock::time_point::max()) == Received::Frame;
  }
  Control& line = control();
  const std::lock_guard turn(line.turn);
  if (!line.socket->send(frame.frame())) return false;
  // The thread that reads the control socket lends the frame until it is copied; without a host the whole
  // process ends.
  std::unique_lock lock(line.mutex);
  line.answered.wait(lock, [&] { return line.reply != nullptr; });
  const BytesView octets = line.reply->view();
  std::memcpy(reply.room(octets.size()), octets.data(), octets.size());
  line.reply = nullptr;
  line.taken = true;
  line.answered.notify_all();
  return true;
}

void HostLine::take_control_reply(const WipedBytes& frame) {
  Control& line = control();
  std::unique_lock lock(line.mutex);
  line.reply = &frame;
  line.taken = false;
  line.answered.notify_all();
  line.answered.wait(lock, [&] { return line.taken; });
}

void HostLine::set_control(const FrameSocket* socket) {
  control().socket = socket;
}

}  // namespace certspan::worker
