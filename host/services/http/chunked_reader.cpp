#include "host/services/http/chunked_reader.hpp"

#include <algorithm>

namespace certspan::http {
namespace {

constexpr std::size_t kLineLimit = 8'192;
constexpr std::size_t kSizeDigits = 15;  // what fits 64 bits with room to spare
// What a body may take on the wire beyond its size; one-byte chunks take six times theirs.
constexpr std::size_t kOverheadFactor = 8;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {
  const auto value = static_cast<unsigned char>(c);
  return value == '\t' || (value >= 0x20 && value != 0x7f);
}

}  // namespace

BodyState ChunkedReader::read(std::string_view input, std::size_t max_body, Bytes& body,
                              std::size_t& consumed) {
  consumed = 0;
  while (consumed < input.size()) {
    if (at_ == At::Data) {
      const std::size_t size = std::min<std::uint64_t>(left_, input.size() - consumed);
      const BytesView piece = as_bytes(input.substr(consumed, size));
      body.insert(body.end(), piece.begin(), piece.end());
      consumed += size;
      wire_bytes_ += size;
      left_ -= size;
      if (left_ == 0) at_ = At::DataCr;
      continue;
    }
    const BodyState state = take(input[consumed++]);
    if (state != BodyState::NeedMore) return state;
    if (at_ == At::Data && left_ > max_body - body.size()) return BodyState::TooLarge;
    if (++wire_bytes_ > kOverheadFactor * max_body + kLineLimit) return BodyState::TooLarge;
  }
  return BodyState::NeedMore;
}

BodyState ChunkedReader::take(char c) {
  const auto expect = [&](char wanted, At next) {
    at_ = next;
    return c == wanted ? BodyState::NeedMore : BodyState::Malformed;
  };
  if (++line_bytes_ > kLineLimit) return BodyState::Malformed;
  switch (at_) {
    case At::Size:
      return take_size(c);
    case At::Extension:
      if (c == '\r') at_ = At::SizeEnd;
      return c == '\r' || is_text(c) ? BodyState::NeedMore : BodyState::Malformed;
    case At::SizeEnd:
      return c == '\n' ? size_complete() : BodyState::Malformed;
    case At::DataCr:
      return expect('\r', At::DataLf);
    case At::DataLf:
      line_bytes_ = 0;
      return expect('\n', At::Size);
    case At::Trailer:
      if (c == '\r') return expect('\r', At::LastEnd);
      at_ = At::TrailerField;
      return is_text(c) ? BodyState::NeedMore : BodyState::Malformed;
    case At::TrailerField:
      if (c == '\r') at_ = At::TrailerEnd;
      return c == '\r' || is_text(c) ? BodyState::NeedMore : BodyState::Malformed;
    case At::TrailerEnd:
      return expect('\n', At::Trailer);
    case At::LastEnd:
      at_ = At::End;
      return c == '\n' ? BodyState::Complete : BodyState::Malformed;
    case At::Data:
    case At::End:
      break;
  }
  return BodyState::Malformed;
}

BodyState ChunkedReader::take_size(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
    return ++digits_ <= kSizeDigits ? BodyState::NeedMore : BodyState::TooLarge;
  }
  if (digits_ == 0) return BodyState::Malformed;
  if (c == '\r') at_ = At::SizeEnd;
  if (c == ';') at_ = At::Extension;
  return c == '\r' || c == ';' ? BodyState::NeedMore : BodyState::Malformed;
}

BodyState ChunkedReader::size_complete() {
  at_ = left_ == 0 ? At::Trailer : At::Data;
  digits_ = 0;
  line_bytes_ = 0;
  return BodyState::NeedMore;
}

}  // namespace certspan::http
