#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/base/bytes.hpp"

namespace certspan::http {

enum class BodyState { NeedMore, Complete, Malformed, TooLarge };

/// Reads a chunked body (RFC 9112, 7.1) byte by byte, so that it may be cut anywhere. Line ends are CRLF
/// only: readers that disagree about a lone LF let requests be smuggled. Extensions and trailers are skipped,
/// within bounds. (Beast's own reader asserts on an empty body whose last bytes arrive one at a time.) Not
/// thread-safe.
class ChunkedReader {
 public:
  /// Appends to `body` what `input` holds of it, and says how much of `input` belonged to the message.
  BodyState read(std::string_view input, std::size_t max_body, Bytes& body, std::size_t& consumed);

 private:
  enum class At {
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    Trailer,
    TrailerField,
    TrailerEnd,
    LastEnd,
    End
  };

  BodyState take(char c);
  BodyState take_size(char c);
  BodyState size_complete();

  At at_ = At::Size;
  std::uint64_t left_ = 0;      // of the chunk; while its size is read: the size so far
  std::size_t digits_ = 0;      // of the size
  std::size_t line_bytes_ = 0;  // of a chunk's line, or of all trailers
  std::size_t wire_bytes_ = 0;
};

}  // namespace certspan::http
