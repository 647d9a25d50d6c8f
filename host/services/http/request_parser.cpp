#include "host/services/http/request_parser.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace certspan::http {
namespace {

namespace beast = boost::beast;
using beast::string_view;
using beast::http::field;

constexpr std::size_t kFirstReserve = 16u << 10;

/// Beast reads the start line and the fields; bodies are read here, since theirs have limits per route.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(RequestHead& head) : head_(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScanner has bounded it
    body_limit(boost::none);
  }

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb /*method*/, string_view method, string_view target, int version,
                       Error& /*error*/) override {
    head_.method = {method.data(), method.size()};
    head_.target = {target.data(), target.size()};
    head_.http_1_1 = version == 11;
  }

  void on_field_impl(field name, string_view text, string_view value, Error& error) override {
    if (name == field::unknown && beast::iequals(text, "X-Forwarded-For")) {
      if (!head_.forwarded_for.empty()) head_.forwarded_for += ',';
      head_.forwarded_for.append(value.data(), value.size());
    }
    if (name == field::host) ++head_.host_fields;
    if (name == field::authorization) {
      ++head_.authorization_fields;
      head_.authorization = Secret(copy_of(as_bytes({value.data(), value.size()})));
    }
    if (name == field::content_type) head_.content_type.assign(value.data(), value.size());
    if (name == field::expect) head_.expect.assign(value.data(), value.size());
    if (name == field::transfer_encoding) {
      if (!head_.transfer_encoding.empty()) error = beast::http::error::bad_transfer_encoding;
      head_.transfer_encoding.assign(value.data(), value.size());
    }
  }

  void on_header_impl(Error& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, Error& /*error*/) override {}
  std::size_t on_body_impl(string_view piece, Error& /*error*/) override { return piece.size(); }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/, Error& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view piece, Error& /*error*/) override {
    return piece.size();
  }
  void on_finish_impl(Error& /*error*/) override {}
  void on_response_impl(int /*status*/, string_view /*reason*/, int /*version*/, Error& /*error*/) override {}

  RequestHead& head_;
};

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

bool is_known_method(std::string_view method) {
  constexpr std::string_view kKnown[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};
  return std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
}

/// Whether the request line ends in a version of HTTP, if not in one that is spoken here.
bool names_a_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
         is_digit(version[7]);
}

/// RFC 9112: one Host, which only HTTP/1.0 may leave out (3.2); no length that two servers could read
/// differently (6.1). And no two people who ask at once.
unsigned check(const RequestHead& head) {
  if (head.authorization_fields > 1) return 400;
  if (head.host_fields > 1 || (head.http_1_1 && head.host_fields == 0)) return 400;
  if (!head.transfer_encoding.empty()) {
    if (!head.http_1_1) return 400;
    if (!head.chunked || !equals_ignoring_case(head.transfer_encoding, "chunked")) return 501;
  }
  if (head.http_1_1 && !head.expect.empty() && !equals_ignoring_case(head.expect, "100-continue")) return 417;
  return is_known_method(head.method) ? 0 : 501;
}

}  // namespace

unsigned RequestParser::parse_head(std::string_view bytes) {
  HeadParser parser(head_);
  beast::error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == beast::http::error::bad_version && names_a_version(bytes)) return 505;
  if (error || used != bytes.size() || !parser.is_header_done()) return 400;
  head_.chunked = parser.chunked();
  head_.keep_alive = parser.keep_alive();
  if (const auto length = parser.content_length()) head_.content_length = *length;
  return check(head_);
}

BodyState RequestParser::parse_body(std::string_view input, std::size_t max_body, std::size_t& consumed) {
  if (head_.chunked) return chunks_.read(input, max_body, body_, consumed);
  return read_counted(input, max_body, consumed);
}

BodyState RequestParser::read_counted(std::string_view input, std::size_t max_body, std::size_t& consumed) {
  const std::uint64_t length = head_.content_length.value_or(0);
  consumed = 0;
  if (length > max_body) return BodyState::TooLarge;
  // Memory is given for what has come, not for what was announced.
  if (body_.empty()) body_.reserve(std::min<std::size_t>(length, std::max(input.size(), kFirstReserve)));
  consumed = std::min<std::size_t>(length - body_.size(), input.size());
  const BytesView piece = as_bytes(input.substr(0, consumed));
  body_.insert(body_.end(), piece.begin(), piece.end());
  return body_.size() == length ? BodyState::Complete : BodyState::NeedMore;
}

}  // namespace certspan::http
