#include "host/journal/erasure.hpp"

#include <algorithm>

#include "host/journal/fields.hpp"

namespace certspan {
namespace {

constexpr std::uint8_t kErasureVersion = 1;

struct Tag {
  enum : std::uint8_t { At = 1, Who, Reason, Items, Range };
};
struct RangeTag {
  enum : std::uint8_t { First = 1, More };
};

Bytes encode(const NumberRange& range) {
  FieldWriter out(24);
  out.number(RangeTag::First, range.first);
  out.number(RangeTag::More, range.last - range.first);
  return std::move(out).take();
}

NumberRange decode_range(BytesView bytes, FieldReader& in) {
  NumberRange range;
  std::uint64_t more = 0;
  FieldReader fields(bytes);
  while (fields.next()) {
    if (fields.tag() == RangeTag::First) range.first = fields.number();
    if (fields.tag() == RangeTag::More) more = fields.number();
  }
  if (fields.failed() || more > UINT64_MAX - range.first) in.fail();
  range.last = range.first + more;
  return range;
}

}  // namespace

Bytes encode_erasure(const Erasure& erasure) {
  FieldWriter out(64 + erasure.reason.size() + erasure.numbers.size() * 16);
  out.version(kErasureVersion);
  out.signed_number(Tag::At, erasure.at);
  out.text(Tag::Who, erasure.who);
  out.text(Tag::Reason, erasure.reason);
  out.number(Tag::Items, erasure.items);
  for (const NumberRange& range : erasure.numbers) out.element(Tag::Range, encode(range));
  return std::move(out).take();
}

Result<Erasure> decode_erasure(BytesView body) {
  if (body.empty()) return fail(Outcome::Internal, "journal.corrupt", "the record of an erasure is empty");
  if (body.front() != kErasureVersion) {
    return fail(Outcome::Unsupported, "journal.newer_schema",
                "the record of an erasure was written by a newer certspan");
  }
  Erasure erasure;
  FieldReader in(body.subspan(1));
  while (in.next()) {
    switch (in.tag()) {
      case Tag::At:
        erasure.at = in.signed_number();
        break;
      case Tag::Who:
        erasure.who = in.text();
        break;
      case Tag::Reason:
        erasure.reason = in.text();
        break;
      case Tag::Items:
        erasure.items = in.number();
        break;
      case Tag::Range:
        erasure.numbers.push_back(decode_range(in.bytes(), in));
        break;
      default:
        break;
    }
  }
  if (in.failed()) return fail(Outcome::Internal, "journal.corrupt", "the record of an erasure is damaged");
  return erasure;
}

std::vector<NumberRange> ranges_of(std::vector<std::uint64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<NumberRange> ranges;
  for (const std::uint64_t number : numbers) {
    if (number == 0) continue;
    if (!ranges.empty() && ranges.back().last + 1 == number) {
      ranges.back().last = number;
    } else {
      ranges.push_back({number, number});
    }
  }
  return ranges;
}

}  // namespace certspan
