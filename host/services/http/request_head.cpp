#include "host/services/http/request_head.hpp"

namespace certspan::http {
namespace {

// RFC 9112, 2.2: an empty line or two before a request are ignored (old clients end their POST with one).
constexpr std::size_t kEmptyLineBytes = 4;

bool is_scheme(std::string_view text) {
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '-' || c == '.';
    if (!good) return false;
  }
  return !text.empty();
}

bool is_control(char c) {
  const auto value = static_cast<unsigned char>(c);
  return (value < 0x20 && c != '\t') || value == 0x7f;
}

}  // namespace

std::optional<Target> split_target(std::string_view target) {
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos || !is_scheme(target.substr(0, scheme))) return std::nullopt;
    const std::size_t authority_end = target.find_first_of("/?", scheme + 3);
    if (authority_end == std::string_view::npos) return Target{"/", {}};
    target.remove_prefix(authority_end);
    if (target.front() == '?') return Target{"/", target.substr(1)};
  }
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return Target{target, {}};
  return Target{target.substr(0, mark), target.substr(mark + 1)};
}

HeadState HeadScanner::scan(std::string_view buffered, const LineLimit& line_limit) {
  if (next_ == begin_ && !skip_empty_lines(buffered)) return HeadState::NeedMore;
  while (next_ < buffered.size()) {
    if (section_ != 0 && next_ - section_ >= options_->header_section) return HeadState::SectionTooLarge;
    if (buffered[next_] != '\n') {
      if (!fits_in(buffered)) return HeadState::Malformed;
      ++next_;
      continue;
    }
    if (next_ == line_begin_ || buffered[next_ - 1] != '\r') return HeadState::Malformed;
    const std::string_view line = buffered.substr(line_begin_, next_ - 1 - line_begin_);
    line_begin_ = ++next_;
    if (section_ != 0 && line.empty()) return HeadState::Complete;
    if (section_ != 0) continue;
    if (line.empty()) return HeadState::Malformed;
    if (!line_fits(line, true, line_limit)) return HeadState::LineTooLong;
    section_ = next_;
  }
  if (section_ == 0 && !line_fits(buffered.substr(begin_), false, line_limit)) return HeadState::LineTooLong;
  return HeadState::NeedMore;
}

bool HeadScanner::fits_in(std::string_view buffered) const {
  const char c = buffered[next_];
  if (next_ > line_begin_ && buffered[next_ - 1] == '\r') return false;
  // RFC 9112, 5.2: a folded line is refused; some servers would take it for a field of its own.
  if (section_ != 0 && next_ == line_begin_ && (c == ' ' || c == '\t')) return false;
  return c == '\r' || !is_control(c);
}

bool HeadScanner::skip_empty_lines(std::string_view buffered) {
  while (begin_ < kEmptyLineBytes && buffered.substr(begin_).starts_with("\r\n")) begin_ += 2;
  next_ = line_begin_ = begin_;
  return buffered.substr(begin_) != "\r" && begin_ < buffered.size();
}

bool HeadScanner::line_fits(std::string_view line, bool complete, const LineLimit& line_limit) {
  // A carriage return whose line feed has not come yet may stand at the end.
  const std::size_t size = !complete && line.ends_with('\r') ? line.size() - 1 : line.size();
  if (size <= options_->request_line) return true;
  if (long_limit_ == 0) {
    // No route's path is longer than a short line, so it must have ended by now.
    const std::string_view start = line.substr(0, options_->request_line + 1);
    const std::size_t begin = start.find(' ');
    if (begin == std::string_view::npos) return false;
    const std::size_t end = start.find_first_of("? ", begin + 1);
    if (end == std::string_view::npos) return false;
    const auto target = split_target(start.substr(begin + 1, end - begin - 1));
    if (!target) return false;
    long_limit_ = line_limit(target->path);
  }
  return size <= long_limit_;
}

}  // namespace certspan::http
