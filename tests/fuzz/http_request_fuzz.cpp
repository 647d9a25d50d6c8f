// An HTTP request as strangers send it: whatever the bytes are and however they are cut, head scanner and
// parser come to the same end, and nothing is taken beyond what is there.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/services/http/request_head.hpp"
#include "host/services/http/request_parser.hpp"

namespace {

using namespace certspan::http;

constexpr std::size_t kMaxBody = 4'096;
const certspan::HttpOptions kOptions{.request_line = 64, .long_request_line = 512, .header_section = 1'024};

struct End {
  HeadState head = HeadState::NeedMore;
  unsigned status = 0;
  BodyState body = BodyState::Complete;
  certspan::Bytes content;
  std::size_t used = 0;

  bool operator==(const End&) const = default;
};

std::size_t line_limit(std::string_view path) {
  return path.starts_with("/scep") ? kOptions.long_request_line : kOptions.request_line;
}

void must(bool holds) {
  if (!holds) std::abort();
}

/// As a connection does it: bytes come in pieces of `step`, and what is not used is kept.
End read(std::string_view bytes, std::size_t step) {
  End end;
  HeadScanner scanner(kOptions);
  std::size_t come = 0;
  while (end.head == HeadState::NeedMore && come < bytes.size()) {
    come = std::min(bytes.size(), come + step);
    end.head = scanner.scan(bytes.substr(0, come), line_limit);
  }
  // Which fault is met first may depend on the cut; that it is one may not.
  if (end.head != HeadState::NeedMore && end.head != HeadState::Complete) end.head = HeadState::Malformed;
  if (end.head != HeadState::Complete) return end;
  must(scanner.begin() < scanner.end() && scanner.end() <= come);
  RequestParser parser;
  end.status = parser.parse_head(bytes.substr(scanner.begin(), scanner.end() - scanner.begin()));
  end.used = scanner.end();
  if (end.status != 0) return end;
  if (const auto target = split_target(parser.head().target)) must(target->path.starts_with('/'));
  if (!parser.head().has_body()) return end;
  end.body = BodyState::NeedMore;
  for (;;) {
    const std::string_view input = bytes.substr(end.used, come - end.used);
    std::size_t consumed = 0;
    end.body = parser.parse_body(input, kMaxBody, consumed);
    must(consumed <= input.size());
    end.used += consumed;
    if (end.body != BodyState::NeedMore || come == bytes.size()) break;
    come = std::min(bytes.size(), come + step);
  }
  must(parser.buffered() <= 8 * kMaxBody + 65'536);
  end.content = parser.take_body();
  must(end.content.size() <= kMaxBody);
  if (end.body != BodyState::Complete)
    end.content.clear();  // how much of a bad body came is nobody's business
  if (end.body != BodyState::Complete) end.used = 0;
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 16'384) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const End whole = read(bytes, bytes.size());
  must(read(bytes, std::size_t{data[0]} + 1) == whole);
  must(read(bytes, 1) == whole);
  return 0;
}
