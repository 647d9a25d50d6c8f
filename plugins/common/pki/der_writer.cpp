#include "plugins/common/pki/der_writer.hpp"

#include <array>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace certspan::pki {
namespace {

// Length octets for `length`: count and big-endian octets, short form where it fits.
struct LengthOctets {
  std::array<std::uint8_t, 5> octets{};
  std::size_t size = 0;
};

LengthOctets encode_length(std::size_t length) {
  LengthOctets out;
  if (length < 0x80) {
    out.octets[0] = static_cast<std::uint8_t>(length);
    out.size = 1;
    return out;
  }
  std::size_t count = 1;
  for (std::size_t rest = length >> 8U; rest != 0; rest >>= 8U) ++count;
  assert(count <= 4);
  out.octets[0] = static_cast<std::uint8_t>(0x80U | count);
  for (std::size_t i = 0; i < count; ++i) {
    out.octets[count - i] = static_cast<std::uint8_t>(length >> (8U * i));
  }
  out.size = count + 1;
  return out;
}

std::string format_time(std::int64_t unix_seconds, bool utc) {
  const std::chrono::sys_seconds point{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const auto seconds = (point - day).count();
  const int year = static_cast<int>(date.year());
  std::array<char, 48> text{};
  const int length = std::snprintf(
      text.data(), text.size(), utc ? "%02d%02u%02u%02d%02d%02dZ" : "%04d%02u%02u%02d%02d%02dZ",
      utc ? year % 100 : year, static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return {text.data(), static_cast<std::size_t>(length)};
}

// 1950-01-01 and 2050-01-01, the years that a UTCTime can say.
constexpr std::int64_t kUtcTimeFirst = -631152000;
constexpr std::int64_t kUtcTimeEnd = 2524608000;

}  // namespace

DerWriter& DerWriter::begin(std::uint8_t identifier) {
  out_.push_back(identifier);
  open_.push_back(out_.size());
  out_.push_back(0);
  return *this;
}

DerWriter& DerWriter::end() {
  assert(!open_.empty());
  const std::size_t at = open_.back();
  open_.pop_back();
  const LengthOctets length = encode_length(out_.size() - at - 1);
  out_[at] = length.octets[0];
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(at) + 1, length.octets.begin() + 1,
              length.octets.begin() + static_cast<std::ptrdiff_t>(length.size));
  return *this;
}

DerWriter& DerWriter::end_set_of() {
  assert(!open_.empty());
  const std::size_t start = open_.back() + 1;
  DerReader reader(BytesView(out_).subspan(start), "set");
  std::vector<Bytes> members;
  while (!reader.at_end()) {
    const Result<DerElement> member = reader.next();
    assert(member.has_value());
    if (!member) break;
    members.push_back(to_bytes(member->whole));
  }
  // X.690 11.6 compares as if the shorter were padded with zeros; no encoding is a prefix of another.
  std::ranges::sort(members);
  out_.resize(start);
  for (const Bytes& member : members) raw(member);
  return end();
}

DerWriter& DerWriter::begin_bit_string() {
  begin(tag::kBitString);
  out_.push_back(0);
  return *this;
}

DerWriter& DerWriter::raw(BytesView encoded) {
  out_.insert(out_.end(), encoded.begin(), encoded.end());
  return *this;
}

DerWriter& DerWriter::primitive(std::uint8_t identifier, BytesView content) {
  out_.push_back(identifier);
  const LengthOctets length = encode_length(content.size());
  raw(BytesView(length.octets.data(), length.size));
  return raw(content);
}

DerWriter& DerWriter::boolean(bool value) {
  const std::uint8_t octet = value ? 0xFF : 0x00;
  return primitive(tag::kBoolean, BytesView(&octet, 1));
}

DerWriter& DerWriter::integer(std::uint64_t value) {
  std::array<std::uint8_t, 8> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[octets.size() - 1 - i] = static_cast<std::uint8_t>(value >> (8U * i));
  }
  return unsigned_integer(octets);
}

DerWriter& DerWriter::unsigned_integer(BytesView magnitude) {
  while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  const bool pad = magnitude.empty() || magnitude[0] >= 0x80;
  out_.push_back(tag::kInteger);
  const LengthOctets length = encode_length(magnitude.size() + (pad ? 1 : 0));
  raw(BytesView(length.octets.data(), length.size));
  if (pad) out_.push_back(0);
  return raw(magnitude);
}

DerWriter& DerWriter::bit_string(BytesView octets) {
  out_.push_back(tag::kBitString);
  const LengthOctets length = encode_length(octets.size() + 1);
  raw(BytesView(length.octets.data(), length.size));
  out_.push_back(0);
  return raw(octets);
}

DerWriter& DerWriter::named_bits(std::uint16_t bits) {
  std::array<std::uint8_t, 3> content{};
  std::size_t last = 0;
  for (std::size_t bit = 0; bit < 16; ++bit) {
    if ((bits & (1U << bit)) == 0) continue;
    content[1 + bit / 8] = static_cast<std::uint8_t>(content[1 + bit / 8] | (0x80U >> (bit % 8)));
    last = bit + 1;
  }
  const std::size_t octets = (last + 7) / 8;
  content[0] = static_cast<std::uint8_t>(octets * 8 - last);
  return primitive(tag::kBitString, BytesView(content.data(), 1 + octets));
}

DerWriter& DerWriter::time(std::int64_t unix_seconds) {
  const bool utc = unix_seconds >= kUtcTimeFirst && unix_seconds < kUtcTimeEnd;
  return text(utc ? tag::kUtcTime : tag::kGeneralizedTime, format_time(unix_seconds, utc));
}

DerWriter& DerWriter::generalized_time(std::int64_t unix_seconds) {
  return text(tag::kGeneralizedTime, format_time(unix_seconds, false));
}

DerWriter& DerWriter::algorithm_with_null(const Oid& algorithm) {
  return begin(tag::kSequence).oid(algorithm).null().end();
}

DerWriter& DerWriter::algorithm(const Oid& algorithm) {
  return begin(tag::kSequence).oid(algorithm).end();
}

Bytes DerWriter::take() {
  assert(open_.empty());
  return std::exchange(out_, {});
}

}  // namespace certspan::pki
