#include "host/journal/fields.hpp"

#include <limits>

namespace certspan {
namespace {

constexpr unsigned kBitsPerByte = 7;
constexpr std::uint8_t kMore = 0x80;

}  // namespace

void FieldWriter::varint(std::uint64_t value) {
  while (value >= kMore) {
    out_.push_back(static_cast<std::uint8_t>(value | kMore));
    value >>= kBitsPerByte;
  }
  out_.push_back(static_cast<std::uint8_t>(value));
}

void FieldWriter::number(std::uint8_t tag, std::uint64_t value) {
  if (value == 0) return;
  std::uint8_t length = 1;
  for (std::uint64_t rest = value >> kBitsPerByte; rest != 0; rest >>= kBitsPerByte) ++length;
  out_.push_back(tag);
  out_.push_back(length);
  varint(value);
}

void FieldWriter::signed_number(std::uint8_t tag, std::int64_t value) {
  // Zigzag: small numbers of either sign stay short.
  const auto bits = static_cast<std::uint64_t>(value);
  number(tag, bits << 1 ^ (value < 0 ? std::numeric_limits<std::uint64_t>::max() : 0));
}

void FieldWriter::bytes(std::uint8_t tag, BytesView value) {
  if (!value.empty()) element(tag, value);
}

void FieldWriter::element(std::uint8_t tag, BytesView value) {
  out_.push_back(tag);
  varint(value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

bool FieldReader::next() {
  if (failed_ || in_.empty()) return false;
  tag_ = in_.front();
  in_ = in_.subspan(1);
  const auto length = varint(in_);
  if (!length || *length > in_.size()) {
    failed_ = true;
    return false;
  }
  value_ = in_.first(static_cast<std::size_t>(*length));
  in_ = in_.subspan(value_.size());
  return true;
}

std::uint64_t FieldReader::number() {
  BytesView rest = value_;
  const auto value = varint(rest);
  if (!value || !rest.empty()) failed_ = true;
  return value.value_or(0);
}

std::int64_t FieldReader::signed_number() {
  const std::uint64_t bits = number();
  return static_cast<std::int64_t>(bits >> 1 ^
                                   ((bits & 1) != 0 ? std::numeric_limits<std::uint64_t>::max() : 0));
}

std::uint32_t FieldReader::number32() {
  const std::uint64_t value = number();
  if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
  failed_ = true;
  return 0;
}

std::optional<std::uint64_t> FieldReader::varint(BytesView& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += kBitsPerByte) {
    const std::uint8_t byte = from.front();
    from = from.subspan(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & (kMore - 1)) << shift;
    if ((byte & kMore) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace certspan
