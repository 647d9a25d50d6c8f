#include "plugins/common/pki/ber_to_der.hpp"

#include <optional>
#include <vector>

#include "plugins/common/pki/der_writer.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxBerLengthOctets = 8;
constexpr std::uint8_t kConstructed = 0x20;
constexpr std::uint8_t kChunkedOctetString = tag::kOctetString | kConstructed;

struct Header {
  std::uint8_t tag = 0;
  bool indefinite = false;
  std::size_t length = 0;
};

// An element that is open: where it ends, and whether it is a chunked string or a chunk of one.
struct Level {
  std::optional<std::size_t> end;  // nothing: ends at end-of-contents octets
  bool in_string = false;
  bool owns_element = true;  // a chunk inside a string opens no element of its own
};

class Converter {
 public:
  explicit Converter(BytesView input) : input_(input), out_(input.size() + 16) {}

  Result<Bytes> run() {
    do {
      CERTSPAN_PKI_CHECK(step());
      while (!levels_.empty() && levels_.back().end == position_) close();
    } while (!levels_.empty());
    if (position_ != input_.size()) return malformed("data after the end");
    return out_.take();
  }

 private:
  static tl::unexpected<Fault> malformed(const char* detail) {
    return fault(FaultKind::Malformed, std::string("ber: ") + detail);
  }

  // End of what may be read now: of the innermost element whose length is known.
  std::size_t limit() const {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      if (level->end) return *level->end;
    }
    return input_.size();
  }

  void close() {
    if (levels_.back().owns_element) out_.end();
    levels_.pop_back();
  }

  Result<Header> read_header() {
    const std::size_t end = limit();
    if (end - position_ < 2) return malformed("truncated header");
    Header header;
    header.tag = input_[position_++];
    if ((header.tag & 0x1FU) == 0x1FU) return malformed("tag number above 30");
    const std::uint8_t first = input_[position_++];
    if (first < 0x80) {
      header.length = first;
    } else if (first == 0x80) {
      header.indefinite = true;
    } else {
      const std::size_t octets = first & 0x7FU;
      if (octets > kMaxBerLengthOctets || end - position_ < octets) return malformed("bad length");
      for (std::size_t i = 0; i < octets; ++i) header.length = (header.length << 8U) | input_[position_++];
    }
    if (!header.indefinite && header.length > end - position_) return malformed("truncated content");
    return header;
  }

  Result<void> step() {
    CERTSPAN_PKI_TRY(const Header header, read_header());
    if (header.tag == 0) return end_of_contents(header);
    const bool constructed = (header.tag & kConstructed) != 0;
    const bool in_string = !levels_.empty() && levels_.back().in_string;
    if (in_string && (header.tag & static_cast<std::uint8_t>(~kConstructed)) != tag::kOctetString) {
      return malformed("chunk of another type");
    }
    if (constructed) return open(header, in_string);
    if (header.indefinite) return malformed("primitive of indefinite length");
    const BytesView content = input_.subspan(position_, header.length);
    position_ += header.length;
    if (in_string) {
      out_.raw(content);
    } else {
      out_.primitive(header.tag, content);
    }
    return {};
  }

  Result<void> open(const Header& header, bool in_string) {
    if (levels_.size() == kMaxDepth) return fault(FaultKind::TooLarge, "ber: nested too deeply");
    Level level;
    if (!header.indefinite) level.end = position_ + header.length;
    level.in_string = header.tag == kChunkedOctetString;
    level.owns_element = !in_string;
    if (level.owns_element) out_.begin(level.in_string ? tag::kOctetString : header.tag);
    levels_.push_back(level);
    return {};
  }

  Result<void> end_of_contents(const Header& header) {
    if (header.indefinite || header.length != 0 || levels_.empty() || levels_.back().end) {
      return malformed("stray end-of-contents");
    }
    close();
    return {};
  }

  BytesView input_;
  std::size_t position_ = 0;
  DerWriter out_;
  std::vector<Level> levels_;
};

}  // namespace

Result<Bytes> ber_to_der(BytesView ber, std::size_t max_size) {
  if (ber.size() > max_size)
    return fault(FaultKind::TooLarge, "message: larger than " + std::to_string(max_size));
  return Converter(ber).run();
}

}  // namespace certspan::pki
