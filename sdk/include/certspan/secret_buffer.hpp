// Octets that are wiped when they go.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <certspan/types.hpp>

namespace certspan::sdk {

/// Owns the bytes of a secret. Moves, never copies; wiped on destruction. There is no way to print it:
/// reading needs `reveal`.
class SecretBuffer {
 public:
  SecretBuffer() = default;
  explicit SecretBuffer(Bytes bytes)
      : data_(std::make_unique<std::uint8_t[]>(bytes.size())), size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
  }
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;
  SecretBuffer(SecretBuffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  SecretBuffer& operator=(SecretBuffer&& other) noexcept {
    if (this != &other) {
      wipe();
      data_ = std::move(other.data_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~SecretBuffer() { wipe(); }

  /// Valid while the buffer lives. Copies of it are the caller's to wipe.
  [[nodiscard]] Bytes reveal() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::string_view reveal_text() const noexcept { return text_of(reveal()); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  void wipe() noexcept {
    if (data_ != nullptr) explicit_bzero(data_.get(), size_);
  }

  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

}  // namespace certspan::sdk
