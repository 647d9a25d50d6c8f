// Byte buffers and views, and a buffer that is wiped when it goes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certspan::pki {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;  // borrowed; never outlives what it points into

inline bool equal(BytesView a, BytesView b) {
  return std::ranges::equal(a, b);
}

inline Bytes to_bytes(BytesView view) {
  return {view.begin(), view.end()};
}

// The characters of a view that is known to hold text, without a copy.
inline std::string_view as_text(BytesView view) {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Lower-case hexadecimal, for logs and labels.
std::string to_hex(BytesView bytes);

// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* data, std::size_t size) noexcept;

// Bytes that hold a secret: moved, never copied, wiped on destruction. Not thread-safe.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(BytesView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept = default;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { clear(); }

  // The one way to the secret; named so that a reader of the caller stops here.
  BytesView reveal() const { return bytes_; }
  std::string_view reveal_text() const { return as_text(bytes_); }
  std::span<std::uint8_t> writable() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  // Shortens; the part that is cut off is wiped.
  void truncate(std::size_t size);
  void clear() noexcept;

 private:
  Bytes bytes_;
};

}  // namespace certspan::pki
