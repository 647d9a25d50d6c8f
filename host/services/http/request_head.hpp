#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "host/services/http/http_options.hpp"

namespace certspan::http {

struct Target {
  std::string_view path;
  std::string_view query;
};

/// Path and query of a request target (RFC 9112, 3.2) in origin form ("/scep?x=1") or absolute form
/// ("http://host/scep?x=1"); nothing for "*" and the authority form. Views into `target`.
std::optional<Target> split_target(std::string_view target);

enum class HeadState { NeedMore, Complete, Malformed, LineTooLong, SectionTooLarge };

/// Watches over the bytes of one request head while they arrive, and stops what can't become a good one: a
/// line or section beyond its limit, control characters, a line feed without its carriage return, a folded
/// field. So nothing unbounded is buffered, and the parser sees complete heads only. Not thread-safe.
class HeadScanner {
 public:
  /// The limit of the request line for a path; asked once, for lines beyond `options.request_line`.
  using LineLimit = std::function<std::size_t(std::string_view path)>;

  explicit HeadScanner(const HttpOptions& options) : options_(&options) {}

  /// `buffered` holds all bytes since the last request and grows from call to call. Once Complete, `begin`
  /// and `end` say where the head stands.
  HeadState scan(std::string_view buffered, const LineLimit& line_limit);

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return next_; }

 private:
  bool skip_empty_lines(std::string_view buffered);
  bool fits_in(std::string_view buffered) const;
  bool line_fits(std::string_view line, bool complete, const LineLimit& line_limit);

  const HttpOptions* options_;
  std::size_t begin_ = 0;       // of the request line
  std::size_t next_ = 0;        // first byte not yet looked at
  std::size_t line_begin_ = 0;  // of the line that is being read
  std::size_t section_ = 0;     // begin of the fields; 0 while the request line is being read
  std::size_t long_limit_ = 0;  // 0: not asked
};

}  // namespace certspan::http
