#include "host/services/http/request_parser.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace certspan::http {
namespace {

namespace beast = boost::beast;
using beast::string_view;
using beast::http::field;

// Longest chunk header or trailer section that is waited for.
constexpr std::size_t kChunkHeaderLimit = 8'192;
// What a chunked body may take on the wire beyond its size; one-byte chunks take six times theirs.
constexpr std::size_t kChunkOverheadFactor = 8;

constexpr std::size_t kFirstReserve = 16u << 10;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

bool is_known_method(std::string_view method) {
  constexpr std::string_view kKnown[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};
  return std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
}

}  // namespace

class RequestParser::Beast final : public beast::http::basic_parser<true> {
 public:
  // HeadScanner has bounded the head, and bodies are bounded by the limit of their route, below.
  Beast() {
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
  }

  void limit_body(std::size_t limit) { body_limit_ = limit; }

  RequestHead head;
  Bytes body;
  std::size_t wire_bytes = 0;

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb /*method*/, string_view method, string_view target, int version,
                       Error& /*error*/) override {
    head.method = {method.data(), method.size()};
    head.target = {target.data(), target.size()};
    head.http_1_1 = version == 11;
  }

  void on_field_impl(field name, string_view /*name_text*/, string_view value, Error& error) override {
    if (head_done_) return;  // trailers say nothing that we would follow
    if (name == field::host) ++head.host_fields;
    if (name == field::content_type) head.content_type.assign(value.data(), value.size());
    if (name == field::expect) head.expect.assign(value.data(), value.size());
    if (name == field::transfer_encoding) {
      if (!head.transfer_encoding.empty()) error = beast::http::error::bad_transfer_encoding;
      head.transfer_encoding.assign(value.data(), value.size());
    }
  }

  void on_header_impl(Error& /*error*/) override { head_done_ = true; }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& /*error*/) override {
    body.reserve(std::min<std::size_t>(length.value_or(0), kFirstReserve));
  }

  std::size_t on_body_impl(string_view piece, Error& error) override { return append(piece, error); }

  void on_chunk_header_impl(std::uint64_t size, string_view /*extensions*/, Error& error) override {
    if (size > body_limit_ - body.size()) error = beast::http::error::body_limit;
  }

  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view piece, Error& error) override {
    return append(piece, error);
  }

  void on_finish_impl(Error& /*error*/) override {}
  void on_response_impl(int /*status*/, string_view /*reason*/, int /*version*/, Error& /*error*/) override {}

  std::size_t append(string_view piece, Error& error) {
    if (piece.size() > body_limit_ - body.size()) {
      error = beast::http::error::body_limit;
      return 0;
    }
    const BytesView bytes = as_bytes({piece.data(), piece.size()});
    body.insert(body.end(), bytes.begin(), bytes.end());
    return piece.size();
  }

  bool head_done_ = false;
  std::size_t body_limit_ = 0;
};

RequestParser::RequestParser() : beast_(std::make_unique<Beast>()) {}
RequestParser::~RequestParser() = default;

unsigned RequestParser::parse_head(std::string_view head) {
  beast::error_code error;
  const std::size_t used = beast_->put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error == beast::http::error::bad_version) return 505;
  if (error || used != head.size() || !beast_->is_header_done()) return 400;
  RequestHead& result = beast_->head;
  result.chunked = beast_->chunked();
  result.keep_alive = beast_->keep_alive();
  if (const auto length = beast_->content_length()) result.content_length = *length;
  // RFC 9112, 3.2: exactly one Host, which only HTTP/1.0 may leave out.
  if (result.host_fields > 1 || (result.http_1_1 && result.host_fields == 0)) return 400;
  // RFC 9112, 6.1: a length that two servers could read differently is a door for smuggled requests.
  if (!result.transfer_encoding.empty()) {
    if (!result.http_1_1) return 400;
    if (!result.chunked || !equals_ignoring_case(result.transfer_encoding, "chunked")) return 501;
  }
  if (result.http_1_1 && !result.expect.empty() && !equals_ignoring_case(result.expect, "100-continue"))
    return 417;
  if (!is_known_method(result.method)) return 501;
  return 0;
}

const RequestHead& RequestParser::head() const {
  return beast_->head;
}

RequestParser::State RequestParser::parse_body(std::string_view input, std::size_t max_body,
                                               std::size_t& consumed) {
  beast_->limit_body(max_body);
  while (!beast_->is_done()) {
    const std::string_view rest = input.substr(consumed);
    if (rest.empty()) return State::NeedMore;
    beast::error_code error;
    const std::size_t used = beast_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    consumed += used;
    beast_->wire_bytes += used;
    if (error == beast::http::error::need_more) {
      return rest.size() - used > kChunkHeaderLimit ? State::Malformed : State::NeedMore;
    }
    if (error == beast::http::error::body_limit) return State::BodyTooLarge;
    if (error) return State::Malformed;
    if (beast_->wire_bytes > kChunkOverheadFactor * max_body + kChunkHeaderLimit) return State::BodyTooLarge;
  }
  return State::Complete;
}

Bytes RequestParser::take_body() {
  return std::move(beast_->body);
}

std::size_t RequestParser::buffered() const {
  return beast_->body.capacity() + beast_->head.target.capacity();
}

}  // namespace certspan::http
