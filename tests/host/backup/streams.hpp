#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "host/backup/byte_stream.hpp"

namespace certspan::backup::testing {

/// Keeps what is written.
class MemorySink final : public ByteSink {
 public:
  Result<void> write(BytesView more) override {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return {};
  }

  Bytes bytes;
};

/// Gives what it was made with.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t some = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), some, into.begin());
    at_ += some;
    return some;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// Bytes that differ from place to place.
inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>((i * 31 + i / 251) & 0xff);
  return bytes;
}

}  // namespace certspan::backup::testing
