#include "host/loading/worker/host_line.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>

#include "host/loading/worker/transfer.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

thread_local HostLine* own_line = nullptr;

constexpr auto kAsLongAsItTakes = std::chrono::steady_clock::time_point::max();
/// Far below what the host takes in one call; a call that writes more asks.
constexpr std::uint64_t kMostWrites = 16;
constexpr std::uint64_t kLongestKey = 256;
constexpr std::uint64_t kLongestValue = 16UL * 1024;
constexpr std::size_t kMostSeen = 16;

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

HostLine::HostLine(const FrameSocket& slot, BytesView foreseen, Writes writes)
    : slot_(slot), rule_(writes), outer_(own_line) {
  each_frame(foreseen, [this](BytesView frame) {
    foreseen_.push_back(frame);
    return true;
  });
  own_line = this;
}

HostLine::~HostLine() {
  own_line = outer_;
}

bool HostLine::end(const FrameWriter& done) {
  writes_.append(at_end_.view().data(), at_end_.view().size());
  return slot_.send(done.frame(), writes_.view());
}

bool HostLine::tell(const FrameWriter& frame) {
  return (own_line != nullptr ? &own_line->slot_ : control().socket)->send(frame.frame());
}

bool HostLine::tell_at_end(const FrameWriter& frame) {
  if (own_line == nullptr) return control().socket->send(frame.frame());
  add_frame(own_line->at_end_, frame.frame());
  return true;
}

void HostLine::saw(BytesView key, std::uint64_t revision) {
  if (own_line == nullptr || own_line->rule_ != Writes::Seen) return;
  auto& seen = own_line->seen_;
  std::erase_if(seen, [&](const auto& record) { return equal(record.first, key); });
  if (seen.size() < kMostSeen) seen.emplace_back(copy_of(key), revision);
}

bool HostLine::will_be_taken(const certspan_store_write& write) const {
  if (write.key.size == 0 || write.key.size > kLongestKey || write.value.size > kLongestValue) return false;
  if (rule_ == Writes::Presumed || write.expected_revision == CERTSPAN_STORE_ANY) return true;
  return std::ranges::any_of(seen_, [&](const auto& record) {
    return record.second == write.expected_revision && equal(record.first, from_abi(write.key));
  });
}

bool HostLine::stage(const certspan_store_write* writes, std::uint64_t count) {
  if (own_line == nullptr || own_line->rule_ == Writes::Asked || count > kMostWrites - own_line->written_)
    return false;
  HostLine& line = *own_line;
  const auto taken = [&](const certspan_store_write& write) { return line.will_be_taken(write); };
  if (!std::all_of(writes, writes + count, taken)) return false;
  FrameWriter frame(FrameKind::Tell, static_cast<std::uint8_t>(Service::StoreCommit));
  frame.list(writes, count);
  add_frame(line.writes_, frame.frame());
  line.written_ += count;
  line.has_written();
  return true;
}

/// Each once: who asks again wants to know what has changed.
bool HostLine::take_foreseen(BytesView question, WipedBytes& reply) {
  for (std::size_t i = 0; i + 1 < foreseen_.size(); i += 2) {
    if (!equal(foreseen_[i], question)) continue;
    reply.clear();
    reply.append(foreseen_[i + 1].data(), foreseen_[i + 1].size());
    foreseen_[i] = {};
    return true;
  }
  return false;
}

/// What was read before may no longer be so.
void HostLine::has_written() {
  foreseen_.clear();
  seen_.clear();
}

bool HostLine::put_on(const FrameWriter& question, WipedBytes& reply) {
  if (take_foreseen(question.frame(), reply)) return true;
  if (question.operation() == static_cast<std::uint8_t>(Service::StoreCommit)) has_written();
  // A write that waits comes first, so that what is asked then sees it.
  const bool sent = slot_.send(question.frame(), writes_.view());
  writes_.clear();
  return sent && slot_.receive(reply, kAsLongAsItTakes) == Received::Frame;
}

bool HostLine::ask(const FrameWriter& frame, WipedBytes& reply) {
  if (own_line != nullptr) return own_line->put_on(frame, reply);
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
