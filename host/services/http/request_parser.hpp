#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/base/secret.hpp"
#include "host/services/http/chunked_reader.hpp"

namespace certspan::http {

/// What the head of a request said.
struct RequestHead {
  std::string method;
  std::string target;
  std::string content_type;
  std::string transfer_encoding;
  std::string expect;
  std::string forwarded_for;  // X-Forwarded-For, all of them in order
  std::optional<std::uint64_t> content_length;
  Secret authorization;
  int authorization_fields = 0;
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
  /// 0, or the status that refuses the request: 400, 417, 501, 505.
  unsigned parse_head(std::string_view bytes);
  const RequestHead& head() const { return head_; }

  /// Takes from the front of `input` what belongs to the body and says how much that was. What is left stands
  /// in front of the next call's input. Requires: parse_head returned 0 and the head has a body.
  BodyState parse_body(std::string_view input, std::size_t max_body, std::size_t& consumed);

  Bytes take_body() { return std::move(body_); }
  Secret take_authorization() { return std::move(head_.authorization); }
  std::size_t buffered() const { return body_.capacity() + head_.target.capacity(); }

 private:
  BodyState read_counted(std::string_view input, std::size_t max_body, std::size_t& consumed);

  RequestHead head_;
  ChunkedReader chunks_;
  Bytes body_;
};

}  // namespace certspan::http
