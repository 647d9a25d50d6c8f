#include "host/services/http/request_head.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace certspan::http {
namespace {

const HttpOptions kOptions;

std::size_t scep_is_long(std::string_view path) {
  return path.starts_with("/scep") ? kOptions.long_request_line : kOptions.request_line;
}

HeadState scan(const std::string& bytes) {
  HeadScanner scanner(kOptions);
  return scanner.scan(bytes, scep_is_long);
}

std::string line_of(const std::string& path, std::size_t size) {
  const std::string begin = "GET " + path + "?m=";
  const std::string end = " HTTP/1.1";
  return begin + std::string(size - begin.size() - end.size(), 'a') + end;
}

TEST_CASE("a target is split into path and query, in both forms that servers must take") {
  struct Case {
    std::string target, path, query;
  };
  for (const Case& c :
       {Case{"/scep", "/scep", ""}, Case{"/scep?", "/scep", ""}, Case{"/scep?a=b?c", "/scep", "a=b?c"},
        Case{"http://host:80/scep?a=b", "/scep", "a=b"}, Case{"HTTPS://host", "/", ""},
        Case{"http://host?a=b", "/", "a=b"}, Case{"//x", "//x", ""}}) {
    const auto target = split_target(c.target);
    REQUIRE(target);
    CHECK(target->path == c.path);
    CHECK(target->query == c.query);
  }
  for (const std::string bad : {"*", "host:443", "", "scep", "://host/x", "ht tp://host/x"})
    CHECK_FALSE(split_target(bad));
}

TEST_CASE("a head is complete at its empty line, however it arrives") {
  const std::string head = "GET /scep?a=b HTTP/1.0\r\nHost: a\r\nX: y\r\n\r\n";
  HeadScanner scanner(kOptions);
  for (std::size_t size = 0; size < head.size(); ++size) {
    REQUIRE(scanner.scan(head.substr(0, size), scep_is_long) == HeadState::NeedMore);
  }
  REQUIRE(scanner.scan(head + "body\r\n", scep_is_long) == HeadState::Complete);
  CHECK(scanner.begin() == 0);
  CHECK(scanner.end() == head.size());
}

TEST_CASE("empty lines before a request are skipped, but not for ever") {
  const std::string head = "GET / HTTP/1.0\r\n\r\n";
  HeadScanner scanner(kOptions);
  CHECK(scanner.scan("\r", scep_is_long) == HeadState::NeedMore);
  CHECK(scanner.scan("\r\n\r\n", scep_is_long) == HeadState::NeedMore);
  CHECK(scanner.scan("\r\n\r\n" + head, scep_is_long) == HeadState::Complete);
  CHECK(scanner.begin() == 4);
  CHECK(scanner.end() == 4 + head.size());
  CHECK(scan("\r\n\r\n\r\n" + head) == HeadState::Malformed);
}

TEST_CASE("bytes that belong in no head end it at once") {
  using namespace std::string_literals;
  for (const std::string& bad :
       {"GET /\0 HTTP/1.1\r\n"s, "GET / HTTP/1.1\nHost: a\n\n"s, "\n"s, "GET / HTTP/1.1\r\r\n"s,
        "GET / HTTP/1.1\rHost"s, "GET / HTTP/1.1\r\nHost: a\0\r\n"s, "\x16\x03\x01\x02"s,
        "GET / HTTP/1.1\r\nX: \x7f"s, "GET / HTTP/1.1\r\nX: \x1b"s,
        "GET / HTTP/1.1\r\nHost: a\r\n folded"s}) {
    CHECK(scan(bad) == HeadState::Malformed);
  }
  CHECK(scan("GET / HTTP/1.1\r\nX: \ttab \xc3\xa4\r\n\r\n") == HeadState::Complete);
}

TEST_CASE("request lines are limited to the byte, and further on routes for whole messages") {
  CHECK(scan(line_of("/crl", 8'192) + "\r\n\r\n") == HeadState::Complete);
  CHECK(scan(line_of("/crl", 8'193) + "\r\n\r\n") == HeadState::LineTooLong);
  CHECK(scan(line_of("/scep", 65'534) + "\r\n\r\n") == HeadState::Complete);
  CHECK(scan(line_of("/scep", 65'535) + "\r\n\r\n") == HeadState::LineTooLong);
  CHECK(scan(line_of("http://host/scep", 65'534) + "\r\n\r\n") == HeadState::Complete);
}

TEST_CASE("a line that can only be too long is refused before its end comes") {
  CHECK(scan(line_of("/crl", 8'192) + "\r") == HeadState::NeedMore);
  CHECK(scan(std::string(8'192, 'G')) == HeadState::NeedMore);
  CHECK(scan(std::string(8'193, 'G')) == HeadState::LineTooLong);
  CHECK(scan("GET /scep" + std::string(8'192, 'x')) == HeadState::LineTooLong);
  CHECK(scan("GET /crl?" + std::string(8'192, 'x')) == HeadState::LineTooLong);
  CHECK(scan("GET /scep?" + std::string(65'524, 'x')) == HeadState::NeedMore);
  CHECK(scan("GET /scep?" + std::string(65'525, 'x')) == HeadState::LineTooLong);
  CHECK(scan("GET *?" + std::string(8'192, 'x')) == HeadState::LineTooLong);
}

TEST_CASE("the fields are limited together, whether by one or by many") {
  const std::string line = "GET / HTTP/1.1\r\n";
  CHECK(scan(line + "X: " + std::string(32'768 - 7, 'x') + "\r\n\r\n") == HeadState::Complete);
  CHECK(scan(line + "X: " + std::string(32'768 - 6, 'x') + "\r\n\r\n") == HeadState::SectionTooLarge);
  std::string flood = line;
  for (int i = 0; i < 10'000; ++i) flood += "A:b\r\n";
  CHECK(scan(flood) == HeadState::SectionTooLarge);
}

}  // namespace
}  // namespace certspan::http
