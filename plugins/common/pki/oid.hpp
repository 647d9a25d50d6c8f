// Object identifiers as small values.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::pki {

// An OBJECT IDENTIFIER, kept as its DER content octets (X.690 8.19). A plain value without heap; equality is
// byte equality.
class Oid {
 public:
  // A UUID arc (2.25.x) takes 20 octets; what is longer than this bound is refused by the reader.
  static constexpr std::size_t kMaxSize = 46;

  constexpr Oid() = default;

  // Requires: `content` is a valid content of at most kMaxSize octets (DerReader::oid has checked it).
  static constexpr Oid from_content(BytesView content) {
    Oid oid;
    oid.size_ = static_cast<std::uint8_t>(content.size());
    std::copy(content.begin(), content.end(), oid.octets_.begin());
    return oid;
  }

  // From dotted notation; nullopt if it is no object identifier or too long. Arcs up to 2^64-1.
  static constexpr std::optional<Oid> from_dotted(std::string_view text);

  constexpr BytesView content() const { return {octets_.data(), size_}; }
  constexpr bool empty() const { return size_ == 0; }
  // Dotted notation; arcs above 2^64-1 are printed as "?".
  std::string dotted() const;

  friend constexpr bool operator==(const Oid& a, const Oid& b) {
    return a.size_ == b.size_ &&
           std::equal(a.octets_.begin(), a.octets_.begin() + a.size_, b.octets_.begin());
  }

 private:
  constexpr bool append_arc(std::uint64_t arc) {
    std::size_t groups = 1;
    for (std::uint64_t rest = arc >> 7U; rest != 0; rest >>= 7U) ++groups;
    if (size_ + groups > kMaxSize) return false;
    for (std::size_t i = groups; i-- > 0;) {
      const auto bits = static_cast<std::uint8_t>((arc >> (7U * i)) & 0x7FU);
      octets_[size_++] = static_cast<std::uint8_t>(bits | (i != 0 ? 0x80U : 0U));
    }
    return true;
  }

  std::array<std::uint8_t, kMaxSize> octets_{};
  std::uint8_t size_ = 0;
};

constexpr std::optional<Oid> Oid::from_dotted(std::string_view text) {
  Oid oid;
  std::uint64_t first = 0;
  std::size_t index = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view digits = text.substr(0, dot);
    if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
    std::uint64_t arc = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      arc = arc * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (index == 0) {
      if (arc > 2) return std::nullopt;
      first = arc;
    } else if (index == 1) {
      // The first two arcs share one number (X.690 8.19.4).
      if (first < 2 && arc > 39) return std::nullopt;
      if (!oid.append_arc(first * 40 + arc)) return std::nullopt;
    } else if (!oid.append_arc(arc)) {
      return std::nullopt;
    }
    ++index;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (index < 2) return std::nullopt;
  return oid;
}

}  // namespace certspan::pki
