#pragma once

#include <ostream>
#include <utility>

#include <fmt/core.h>
#include <openssl/crypto.h>

#include "host/base/bytes.hpp"

namespace certspan {

/// Bytes that must not leak: cannot be copied, are wiped when they go, and print as "[redacted]". To read
/// them takes the named call `reveal`, so that every use can be found by its name.
///
/// Not thread-safe to move or clear while another thread reads.
class Secret {
 public:
  Secret() = default;
  /// Takes the buffer over; the caller keeps no copy.
  explicit Secret(Bytes&& bytes) noexcept : bytes_(std::move(bytes)) {}
  ~Secret() { clear(); }

  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// The bytes, borrowed until the secret is changed or goes.
  BytesView reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

  /// Wipes the bytes now.
  void clear() noexcept {
    if (!bytes_.empty()) OPENSSL_cleanse(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

 private:
  Bytes bytes_;
};

inline std::ostream& operator<<(std::ostream& out, const Secret&) {
  return out << "[redacted]";
}

}  // namespace certspan

template <>
struct fmt::formatter<certspan::Secret> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  template <typename Context>
  auto format(const certspan::Secret&, Context& context) const {
    return fmt::format_to(context.out(), "[redacted]");
  }
};
