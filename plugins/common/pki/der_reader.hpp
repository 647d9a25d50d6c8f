// A strict cursor over DER (X.690 clause 10 and 11): definite minimal lengths, low tag numbers, bounded
// depth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// Identifier octets. Tag numbers above 30 do not occur in what we read and are refused.
namespace tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0C;
inline constexpr std::uint8_t kNumericString = 0x12;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kT61String = 0x14;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kVisibleString = 0x1A;
inline constexpr std::uint8_t kUniversalString = 0x1C;
inline constexpr std::uint8_t kBmpString = 0x1E;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t context(std::uint8_t number) {
  return static_cast<std::uint8_t>(0x80U | number);
}
constexpr std::uint8_t context_constructed(std::uint8_t number) {
  return static_cast<std::uint8_t>(0xA0U | number);
}
}  // namespace tag

// One element: `whole` is header and content, `content` the content alone. Both point into the input.
struct DerElement {
  std::uint8_t tag = 0;
  BytesView whole;
  BytesView content;
};

struct DerBitString {
  std::uint8_t unused_bits = 0;
  BytesView bytes;
};

// Reads elements one after another; every view it hands out points into the input, which must outlive them.
// A cheap value (copying it is a bookmark). Not thread-safe. All faults are Malformed or TooLarge and name
// `what`, which must be a string literal or outlive the reader.
class DerReader {
 public:
  static constexpr int kMaxDepth = 24;

  DerReader(BytesView input, std::string_view what) : rest_(input), what_(what) {}

  bool at_end() const { return rest_.empty(); }
  // The next identifier octet, 0 at the end.
  std::uint8_t peek() const { return rest_.empty() ? std::uint8_t{0} : rest_[0]; }
  BytesView rest() const { return rest_; }

  Result<DerElement> next();
  Result<DerElement> expect(std::uint8_t wanted);
  // The element if it has this tag; nothing is consumed if it has another or the input is at its end.
  Result<std::optional<DerElement>> optional(std::uint8_t wanted);
  // A reader over the content of a constructed element.
  Result<DerReader> enter(std::uint8_t wanted, std::string_view what);
  // A fault if anything is left: trailing bytes are where parsers start to disagree.
  Result<void> finish() const;

  Result<bool> boolean();
  // Two's complement content octets, minimal (X.690 8.3.2).
  Result<BytesView> integer();
  // Magnitude of a non-negative integer without leading zero octets; empty for zero.
  Result<BytesView> unsigned_integer();
  // A non-negative integer of at most `max`.
  Result<std::uint32_t> small_integer(std::uint32_t max);
  Result<Oid> oid();
  Result<BytesView> octet_string();
  // DER: unused bits are zero.
  Result<DerBitString> bit_string();
  // A BIT STRING of whole octets, as keys and signatures are.
  Result<BytesView> bit_octets();
  Result<void> null();
  // UTCTime or GeneralizedTime in the one form of RFC 5280 4.1.2.5, as seconds since 1970.
  Result<std::int64_t> time();

 private:
  DerReader(BytesView input, std::string_view what, int depth) : rest_(input), what_(what), depth_(depth) {}
  tl::unexpected<Fault> malformed(std::string_view detail) const;

  BytesView rest_;
  std::string_view what_;
  int depth_ = 0;
};

// Content octets of OBJECT IDENTIFIER, checked.
Result<Oid> check_oid(BytesView content, std::string_view what);

}  // namespace certspan::pki
