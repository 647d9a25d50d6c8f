#include "host/services/http/request_parser.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace certspan::http {
namespace {

using State = BodyState;

unsigned head_status(const std::string& lines) {
  RequestParser parser;
  return parser.parse_head(lines + "\r\n");
}

struct Fed {
  State state = State::NeedMore;
  std::string body;
  std::size_t consumed = 0;
};

/// Feeds `body` in pieces of `step` bytes, keeping what is not consumed, as a connection does.
Fed feed_chunked(const std::string& body, std::size_t step, std::size_t max_body = 1'000) {
  RequestParser parser;
  REQUIRE(parser.parse_head("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == 0);
  Fed fed;
  std::string pending;
  for (std::size_t at = 0; at < body.size() && fed.state == State::NeedMore; at += step) {
    pending += body.substr(at, step);
    std::size_t consumed = 0;
    fed.state = parser.parse_body(pending, max_body, consumed);
    pending.erase(0, consumed);
    fed.consumed += consumed;
  }
  if (fed.state == State::Complete) fed.body = as_text(parser.take_body());
  return fed;
}

TEST_CASE("a head that says one thing only is understood") {
  RequestParser parser;
  REQUIRE(
      parser.parse_head("POST /scep?a=b HTTP/1.1\r\nHOST: a\r\ncontent-type:  application/x-pki-message \r\n"
                        "Content-Length: 7\r\nExpect: 100-Continue\r\n\r\n") == 0);
  const RequestHead& head = parser.head();
  CHECK(head.method == "POST");
  CHECK(head.target == "/scep?a=b");
  CHECK(head.content_type == "application/x-pki-message");
  CHECK(head.content_length == 7);
  CHECK(head.http_1_1);
  CHECK(head.keep_alive);
  CHECK(head.has_body());
}

TEST_CASE("heads that are malformed, or that two servers could read differently, get their status") {
  struct Case {
    unsigned status;
    std::string lines;
  };
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const Case& c : {
           Case{0, start},
           Case{0, start + "Content-Length: 3, 3\r\n"},
           Case{0, start + "Content-Length: 0\r\n"},
           Case{0, "GET / HTTP/1.0\r\n"},
           Case{0, start + "Transfer-Encoding: Chunked\r\n"},
           // no Host, several, or no request line at all
           Case{400, "GET / HTTP/1.1\r\n"},
           Case{400, start + "Host: b\r\n"},
           Case{400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n"},
           Case{400, "GET /\r\n"},
           Case{400, "GET\r\n"},
           Case{400, " GET / HTTP/1.1\r\nHost: a\r\n"},
           Case{400, "GET  / HTTP/1.1\r\nHost: a\r\n"},
           Case{400, "GET / HTTP/1.1 \r\nHost: a\r\n"},
           Case{400, "GET / FTP/1.1\r\n"},
           Case{400, "G@T / HTTP/1.1\r\nHost: a\r\n"},
           // lengths
           Case{400, start + "Content-Length: -1\r\n"},
           Case{400, start + "Content-Length: +1\r\n"},
           Case{400, start + "Content-Length: 0x10\r\n"},
           Case{400, start + "Content-Length: 1 2\r\n"},
           Case{400, start + "Content-Length:\r\n"},
           Case{400, start + "Content-Length: 3\r\nContent-Length: 4\r\n"},
           Case{400, start + "Content-Length: 3, 4\r\n"},
           Case{400, start + "Content-Length: 99999999999999999999\r\n"},
           Case{400, start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"},
           Case{400, start + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"},
           Case{400, start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
           Case{400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"},
           Case{501, start + "Transfer-Encoding: gzip, chunked\r\n"},
           Case{501, start + "Transfer-Encoding: chunked, gzip\r\n"},
           Case{501, start + "Transfer-Encoding: identity\r\n"},
           Case{501, start + "Transfer-Encoding: xchunked\r\n"},
           // fields
           Case{0, start + "Authorization: Basic YTpi\r\n"},
           Case{400, start + "Authorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n"},
           Case{400, start + "No colon\r\n"},
           Case{400, start + "Space : x\r\n"},
           Case{400, start + ": x\r\n"},
           // what is understood and refused
           Case{417, start + "Expect: 200-ok\r\n"},
           Case{501, "BREW / HTTP/1.1\r\nHost: a\r\n"},
           Case{501, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n"},
           Case{501, "TRACE / HTTP/1.1\r\nHost: a\r\n"},
           Case{501, "get / HTTP/1.1\r\nHost: a\r\n"},
           Case{505, "GET / HTTP/2.0\r\nHost: a\r\n"},
           Case{505, "PRI * HTTP/2.0\r\n"},
           Case{505, "GET / HTTP/0.9\r\n"},
       }) {
    CAPTURE(c.lines);
    CHECK(head_status(c.lines) == c.status);
  }
}

TEST_CASE("a chunked body is the same however it is cut") {
  const std::string body = "5\r\nhello\r\nA;x=\"y z\"\r\n, you all!\r\n00\r\nX-Trailer: y\r\n\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    const Fed fed = feed_chunked(body + "GET / HTTP/1.1", body.size() + 14 < step ? body.size() : step);
    CAPTURE(step);
    REQUIRE(fed.state == State::Complete);
    CHECK(fed.body == "hello, you all!");
    CHECK(fed.consumed == body.size());
  }
}

TEST_CASE("chunks that are no chunks are malformed") {
  for (const std::string bad :
       {"x\r\n", "5 \r\nhello\r\n0\r\n\r\n", "-1\r\n", "0x5\r\nhello\r\n", "5\r\nhelloXX0\r\n\r\n",
        "5\nhello\n0\n\n", "\r\n", ";a=b\r\n", "0\r\nbad trailer\n\r\n", "0\r\n\n", "5;a\nhello"}) {
    CAPTURE(bad);
    CHECK(feed_chunked(bad, 1).state == State::Malformed);
  }
}

TEST_CASE("a chunk header or trailer without end is not waited for") {
  CHECK(feed_chunked("5;" + std::string(20'000, 'a'), 512).state == State::Malformed);
  CHECK(feed_chunked("0\r\nX: " + std::string(20'000, 'a'), 512).state == State::Malformed);
}

TEST_CASE("a body above its limit is refused by its length, by a chunk's, by the sum and by its wrapping") {
  CHECK(feed_chunked("3E8\r\n" + std::string(1'000, 'x') + "\r\n0\r\n\r\n", 100).state == State::Complete);
  CHECK(feed_chunked("3E9\r\n", 100).state == State::TooLarge);
  CHECK(feed_chunked("FFFFFFFFFFFFFFFF\r\n", 100).state == State::TooLarge);
  std::string sum;
  for (int i = 0; i < 11; ++i) sum += "64\r\n" + std::string(100, 'x') + "\r\n";
  CHECK(feed_chunked(sum, 100).state == State::TooLarge);
  std::string wrapped;
  for (int i = 0; i < 900; ++i) wrapped += "1;" + std::string(100, 'a') + "\r\nx\r\n";
  CHECK(feed_chunked(wrapped, 100).state == State::TooLarge);

  RequestParser parser;
  REQUIRE(parser.parse_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n") == 0);
  std::size_t consumed = 0;
  CHECK(parser.parse_body("0123456789", 9, consumed) == State::TooLarge);
}

}  // namespace
}  // namespace certspan::http
