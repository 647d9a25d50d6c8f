#include "plugins/common/pki/der_reader.hpp"

#include <chrono>

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxLengthOctets = 4;

std::string hex_tag(std::uint8_t tag) {
  return "0x" + to_hex(BytesView(&tag, 1));
}

// Two decimal digits at `offset`, or -1.
int two_digits(BytesView text, std::size_t offset) {
  const int high = text[offset] - '0';
  const int low = text[offset + 1] - '0';
  if (high < 0 || high > 9 || low < 0 || low > 9) return -1;
  return high * 10 + low;
}

// YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; the tag says which.
std::optional<std::int64_t> parse_time(std::uint8_t time_tag, BytesView text) {
  const bool utc = time_tag == tag::kUtcTime;
  const std::size_t year_digits = utc ? 2 : 4;
  if (text.size() != year_digits + 11 || text[text.size() - 1] != 'Z') return std::nullopt;
  int fields[7] = {};
  const std::size_t pairs = (year_digits + 10) / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    fields[i] = two_digits(text, 2 * i);
    if (fields[i] < 0) return std::nullopt;
  }
  const int* rest = utc ? fields + 1 : fields + 2;
  const int year = utc ? fields[0] + (fields[0] < 50 ? 2000 : 1900) : fields[0] * 100 + fields[1];
  const auto date = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(rest[0])) /
                    std::chrono::day(static_cast<unsigned>(rest[1]));
  if (!date.ok() || rest[2] > 23 || rest[3] > 59 || rest[4] > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + rest[2] * 3600L + rest[3] * 60L + rest[4];
}

}  // namespace

tl::unexpected<Fault> DerReader::malformed(std::string_view detail) const {
  return fault(FaultKind::Malformed, std::string(what_) + ": " + std::string(detail));
}

Result<DerElement> DerReader::next() {
  if (rest_.size() < 2) return malformed(rest_.empty() ? "ends early" : "truncated header");
  const std::uint8_t identifier = rest_[0];
  if ((identifier & 0x1FU) == 0x1FU) return malformed("tag number above 30");
  std::size_t header = 2;
  std::size_t length = rest_[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7FU;
    if (octets == 0) return malformed("indefinite length is not DER");
    if (octets > kMaxLengthOctets || rest_.size() < 2 + octets) return malformed("bad length");
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = (length << 8U) | rest_[2 + i];
    // Minimal: no long form for what fits the short one, no leading zero octet.
    if (length < 0x80 || rest_[2] == 0) return malformed("length is not minimal");
    header += octets;
  }
  if (length > rest_.size() - header) return malformed("truncated content");
  const DerElement element{identifier, rest_.first(header + length), rest_.subspan(header, length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

Result<DerElement> DerReader::expect(std::uint8_t wanted) {
  if (at_end()) return malformed("ends early");
  if (peek() != wanted) return malformed("expected tag " + hex_tag(wanted) + ", found " + hex_tag(peek()));
  return next();
}

Result<std::optional<DerElement>> DerReader::optional(std::uint8_t wanted) {
  if (at_end() || peek() != wanted) return std::optional<DerElement>();
  CERTSPAN_PKI_TRY(const DerElement element, next());
  return std::optional<DerElement>(element);
}

Result<DerReader> DerReader::enter(std::uint8_t wanted, std::string_view what) {
  if (depth_ >= kMaxDepth) return fault(FaultKind::TooLarge, std::string(what_) + ": nested too deeply");
  CERTSPAN_PKI_TRY(const DerElement element, expect(wanted));
  return DerReader(element.content, what, depth_ + 1);
}

Result<void> DerReader::finish() const {
  if (!at_end()) return malformed("unexpected data at the end");
  return {};
}

Result<bool> DerReader::boolean() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kBoolean));
  if (element.content.size() != 1) return malformed("bad boolean");
  const std::uint8_t value = element.content[0];
  if (value != 0x00 && value != 0xFF) return malformed("boolean is not DER");
  return value == 0xFF;
}

Result<BytesView> DerReader::integer() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kInteger));
  const BytesView content = element.content;
  if (content.empty()) return malformed("empty integer");
  if (content.size() > 1 &&
      ((content[0] == 0x00 && content[1] < 0x80) || (content[0] == 0xFF && content[1] >= 0x80))) {
    return malformed("integer is not minimal");
  }
  return content;
}

Result<BytesView> DerReader::unsigned_integer() {
  CERTSPAN_PKI_TRY(const BytesView content, integer());
  if (content[0] >= 0x80) return malformed("negative integer");
  return content[0] == 0 ? content.subspan(1) : content;
}

Result<std::uint32_t> DerReader::small_integer(std::uint32_t max) {
  CERTSPAN_PKI_TRY(const BytesView content, unsigned_integer());
  if (content.size() > 4) return malformed("integer out of range");
  std::uint32_t value = 0;
  for (const std::uint8_t octet : content) value = (value << 8U) | octet;
  if (value > max) return malformed("integer out of range");
  return value;
}

Result<Oid> check_oid(BytesView content, std::string_view what) {
  if (content.empty() || (content.back() & 0x80U) != 0) {
    return fault(FaultKind::Malformed, std::string(what) + ": bad object identifier");
  }
  if (content.size() > Oid::kMaxSize) {
    return fault(FaultKind::TooLarge, std::string(what) + ": object identifier too long");
  }
  bool at_start = true;
  for (const std::uint8_t octet : content) {
    if (at_start && octet == 0x80) {
      return fault(FaultKind::Malformed, std::string(what) + ": object identifier is not minimal");
    }
    at_start = (octet & 0x80U) == 0;
  }
  return Oid::from_content(content);
}

Result<Oid> DerReader::oid() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kOid));
  return check_oid(element.content, what_);
}

Result<BytesView> DerReader::octet_string() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kOctetString));
  return element.content;
}

Result<DerBitString> DerReader::bit_string() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kBitString));
  const BytesView content = element.content;
  if (content.empty() || content[0] > 7 || (content.size() == 1 && content[0] != 0)) {
    return malformed("bad bit string");
  }
  const std::uint8_t unused = content[0];
  const auto mask = static_cast<std::uint8_t>((1U << unused) - 1U);
  if (content.size() > 1 && (content.back() & mask) != 0) return malformed("unused bits are not zero");
  return DerBitString{unused, content.subspan(1)};
}

Result<BytesView> DerReader::bit_octets() {
  CERTSPAN_PKI_TRY(const DerBitString bits, bit_string());
  if (bits.unused_bits != 0) return malformed("bit string is not whole octets");
  return bits.bytes;
}

Result<void> DerReader::null() {
  CERTSPAN_PKI_TRY(const DerElement element, expect(tag::kNull));
  if (!element.content.empty()) return malformed("null with content");
  return {};
}

Result<std::int64_t> DerReader::time() {
  CERTSPAN_PKI_TRY(const DerElement element, next());
  if (element.tag != tag::kUtcTime && element.tag != tag::kGeneralizedTime)
    return malformed("expected a time");
  const std::optional<std::int64_t> seconds = parse_time(element.tag, element.content);
  if (!seconds) return malformed("bad time");
  return *seconds;
}

}  // namespace certspan::pki
