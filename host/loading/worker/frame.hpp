#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include <certspan/abi/base.h>

#include "host/base/bytes.hpp"
#include "host/loading/worker/wiped_bytes.hpp"

namespace certspan::worker {

/// What a frame is. A conversation on a slot: Call, then any number of Ask (each answered by a Reply) and
/// Tell from the worker, then Done. On the control socket: Slot from the host, Ask and Tell from the worker.
enum class FrameKind : std::uint8_t { Call = 1, Done, Ask, Tell, Reply, Slot };

/// The frame under work is as large as this at most.
constexpr std::size_t kLargestFrame = 40UL * 1024 * 1024;

/// Where a frame's own fields begin, after its kind, its operation and the size of what comes ahead of them.
constexpr std::size_t kFrameStart = 2;
constexpr std::size_t kFrameFields = kFrameStart + sizeof(std::uint64_t);

/// Writes one frame: its kind, an operation, room for frames that FrameSocket::send may put ahead, then
/// fields one after the other, each as transfer.hpp says. Host and worker are of one build, so numbers stand
/// as they do in memory. The octets are wiped at the end, for they may hold secrets. Used by one thread.
class FrameWriter {
 public:
  template <typename T>
  using Field = const T&;

  FrameWriter(FrameKind kind, std::uint8_t operation);

  template <typename T>
  void number(const T& value) {
    static_assert(std::is_arithmetic_v<T>);
    octets_.append(&value, sizeof(value));
  }
  void view(const certspan_bytes_view& view) { octets(view.data, view.size); }
  void view(const certspan_string_view& view) { octets(view.data, view.size); }
  void bytes(BytesView bytes) { octets(bytes.data(), bytes.size()); }
  void text(std::string_view text) { octets(text.data(), text.size()); }
  template <typename T, typename Count>
  void list(const T* const& items, const Count& count) {
    number(static_cast<std::uint64_t>(items == nullptr ? 0 : count));
    for (Count i = 0; items != nullptr && i < count; ++i) transfer(*this, items[i]);
  }

  BytesView frame() const { return octets_.view(); }
  std::uint8_t operation() const { return octets_.view()[1]; }

 private:
  void octets(const void* data, std::uint64_t size);

  WipedBytes octets_;
};

/// Reads one frame that somebody hostile may have written. What does not fit makes all further fields empty
/// and `good` false. Views are borrowed from the frame, lists from the reader.
class FrameReader {
 public:
  template <typename T>
  using Field = T&;

  explicit FrameReader(BytesView frame);
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  FrameKind kind() const { return kind_; }
  std::uint8_t operation() const { return operation_; }
  /// The frames that came ahead, one after the other, each as `bytes` of a FrameReader over the whole.
  BytesView ahead() const { return ahead_; }

  template <typename T>
  void number(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    const std::uint8_t* from = take(sizeof(value));
    if (from == nullptr) {
      value = T{};
    } else {
      std::memcpy(&value, from, sizeof(value));
    }
  }
  /// A struct of the contract with its size set.
  template <typename T>
  T sized() {
    T value{};
    value.struct_size = sizeof(value);
    transfer(*this, value);
    return value;
  }
  template <typename T>
  T number() {
    T value{};
    number(value);
    return value;
  }
  void view(certspan_bytes_view& view) {
    const BytesView octets = bytes();
    view = {octets.data(), octets.size()};
  }
  void view(certspan_string_view& view) {
    const std::string_view octets = text();
    view = {octets.data(), octets.size()};
  }
  certspan_bytes_view octets() {
    certspan_bytes_view octets{};
    view(octets);
    return octets;
  }
  BytesView bytes();
  std::string_view text() { return as_text(bytes()); }
  template <typename T, typename Count>
  void list(const T*& items, Count& count) {
    const auto told = number<std::uint64_t>();
    items = nullptr;
    count = 0;
    if (told == 0 || !fits(told)) return;
    auto& storage = lists_.emplace_back(told * sizeof(T) + alignof(T));
    auto* first = aligned<T>(storage.data());
    for (std::uint64_t i = 0; i < told; ++i) transfer(*this, *new (first + i) T{});
    if (!good_) return;
    items = first;
    count = static_cast<Count>(told);
  }

  /// True after exactly the whole frame was read.
  bool complete() const { return good_ && rest_.empty(); }
  bool good() const { return good_; }

 private:
  template <typename T>
  static T* aligned(std::uint8_t* place) {
    static_assert(std::is_trivially_destructible_v<T>);
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    return reinterpret_cast<T*>(place + (alignof(T) - address % alignof(T)) % alignof(T));
  }
  const std::uint8_t* take(std::uint64_t size);
  /// Each item takes at least the size of one view, so a lie about their number costs no memory.
  bool fits(std::uint64_t count);

  bool good_ = true;
  BytesView rest_;
  FrameKind kind_;
  std::uint8_t operation_;
  BytesView ahead_;
  std::vector<Bytes> lists_;
};

/// Calls `each` with every frame of an `ahead` until it answers false. False: it did, or they don't add up.
template <typename Each>
bool each_frame(BytesView ahead, const Each& each) {
  while (!ahead.empty()) {
    std::uint64_t size = 0;
    if (ahead.size() < sizeof(size)) return false;
    std::memcpy(&size, ahead.data(), sizeof(size));
    ahead = ahead.subspan(sizeof(size));
    if (size > ahead.size() || !each(ahead.first(size))) return false;
    ahead = ahead.subspan(size);
  }
  return true;
}

/// Adds a frame to an `ahead`.
void add_frame(WipedBytes& ahead, BytesView frame);

}  // namespace certspan::worker
