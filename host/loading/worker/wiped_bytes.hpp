#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/base/bytes.hpp"

namespace certspan::worker {

/// Octets that are wiped when they go or are written anew. Their memory comes from a few pieces that each
/// thread keeps, so that a call costs neither a large allocation nor the zeroing of one. Used by one thread
/// at a time.
class WipedBytes {
 public:
  WipedBytes() = default;
  ~WipedBytes();
  WipedBytes(WipedBytes&& other) noexcept;
  WipedBytes& operator=(WipedBytes&&) = delete;
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;

  /// Room for `size` octets; what was there is gone, and what is there now is anything.
  std::uint8_t* room(std::size_t size);
  /// Of the room, so much was written.
  void shrink(std::size_t size) { size_ = size; }
  void append(const void* data, std::size_t size);
  void clear();

  BytesView view() const { return {data_.get(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  void give_back();

  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace certspan::worker
