#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "host/base/bytes.hpp"

namespace certspan {

/// Writes a row's body: fields of a tag, a length and a value. Numbers that are zero and empty values are
/// left out, so a row holds only what there is. Not thread-safe.
class FieldWriter {
 public:
  FieldWriter() = default;
  explicit FieldWriter(std::size_t likely_size) { out_.reserve(likely_size); }

  /// The byte before the first field.
  void version(std::uint8_t version) { out_.push_back(version); }
  void number(std::uint8_t tag, std::uint64_t value);
  void signed_number(std::uint8_t tag, std::int64_t value);
  void bytes(std::uint8_t tag, BytesView value);
  void text(std::uint8_t tag, std::string_view value) { bytes(tag, as_bytes(value)); }
  /// A member of a list, written even when it is empty.
  void element(std::uint8_t tag, BytesView value);

  const Bytes& written() const { return out_; }
  Bytes take() && { return std::move(out_); }

 private:
  void varint(std::uint64_t value);

  Bytes out_;
};

/// Reads what FieldWriter wrote. Views point into the bytes given, which outlive the reader. After an error
/// `next` returns false and `failed` is true.
class FieldReader {
 public:
  explicit FieldReader(BytesView in) : in_(in) {}

  /// Goes to the next field; false at the end or at an error.
  bool next();
  std::uint8_t tag() const { return tag_; }
  BytesView bytes() const { return value_; }
  std::string_view text() const { return as_text(value_); }
  /// The value as a number; a value that is none or does not fit makes the reader fail and is 0.
  std::uint64_t number();
  std::int64_t signed_number();
  std::uint32_t number32();

  bool failed() const { return failed_; }
  void fail() { failed_ = true; }

 private:
  std::optional<std::uint64_t> varint(BytesView& from);

  BytesView in_;
  BytesView value_;
  std::uint8_t tag_ = 0;
  bool failed_ = false;
};

}  // namespace certspan
