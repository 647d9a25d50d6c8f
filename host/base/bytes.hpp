#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace certspan {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes copy_of(BytesView bytes) {
  return {bytes.begin(), bytes.end()};
}

inline bool equal(BytesView a, BytesView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Lower-case hexadecimal.
std::string to_hex(BytesView bytes);
/// Nothing if it isn't hexadecimal of whole bytes, in upper or lower case.
std::optional<Bytes> from_hex(std::string_view text);

/// An item's idempotency or poll key: a SHA-256 that its source computed.
using ItemKey = std::array<std::uint8_t, 32>;

/// The 64 bits under which a key, serial or transaction id is indexed: the head of its SHA-256, so that
/// nobody can choose values that collide. The value itself is compared in full after the look-up.
std::int64_t index_hash(BytesView bytes);

}  // namespace certspan
