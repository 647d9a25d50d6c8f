#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"

namespace certspan::http {

/// What the head of a request said.
struct RequestHead {
  std::string method;
  std::string target;
  std::string content_type;
  std::string transfer_encoding;
  std::string expect;
  std::optional<std::uint64_t> content_length;
  int host_fields = 0;
  bool http_1_1 = false;
  bool chunked = false;
  bool keep_alive = false;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// Reads one request from bytes: first its head, complete and in one piece, then its body, plain or chunked,
/// in any pieces. Not thread-safe.
class RequestParser {
 public:
  enum class State { NeedMore, Complete, Malformed, BodyTooLarge };

  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// 0, or the status that refuses the request: 400, 417, 501, 505.
  unsigned parse_head(std::string_view head);
  const RequestHead& head() const;

  /// Takes from the front of `input` what it can use and adds its size to `consumed`. What is left stands in
  /// front of the next call's input. Requires: parse_head returned 0.
  State parse_body(std::string_view input, std::size_t max_body, std::size_t& consumed);

  Bytes take_body();
  std::size_t buffered() const;

 private:
  class Beast;
  std::unique_ptr<Beast> beast_;
};

}  // namespace certspan::http
