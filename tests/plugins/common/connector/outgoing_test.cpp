#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/connector/outgoing_url.hpp"
#include "plugins/common/connector/secret_body.hpp"
#include "plugins/common/connector/strict_json.hpp"

namespace certspan::connector {

TEST_CASE("the origin of an URL is its scheme, host and port") {
  CHECK(origin_of("https://graph.microsoft.com/v1.0/x?y=https://other/") == "https://graph.microsoft.com");
  CHECK(origin_of("https://graph.microsoft.com?x") == "https://graph.microsoft.com");
  CHECK(origin_of("http://127.0.0.1:8080/") == "http://127.0.0.1:8080");
  CHECK(origin_of("https://graph.microsoft.com.evil.example/") != origin_of("https://graph.microsoft.com/"));
}

TEST_CASE("JSON that could be read in two ways is not read") {
  CHECK(parse_strict_json(R"({"a":{"b":1},"c":[{"b":2},{"b":3}]})"));
  for (const char* bad :
       {"", "{", "{}{}", R"({"a":1,"a":1})", R"([{"x":{"a":1,"a":2}}])", "{\"a\":\"\xff\"}", "nul"}) {
    INFO(bad);
    CHECK_FALSE(parse_strict_json(bad));
  }
  CHECK(parse_strict_json(std::string(15, '[') + std::string(15, ']')));
  CHECK_FALSE(parse_strict_json(std::string(30, '[') + std::string(30, ']')));
}

TEST_CASE("a body is put together from quoted text, base64 and form values") {
  SecretBody body(64);
  body.put_quoted(R"(a"b\c)");
  body.put_base64(pki::as_bytes("\x01\x02\x03"));
  body.put_form_value("a-z ~&=/\xC3\xA4");
  CHECK(pki::as_text(body.view()) == R"("a\"b\\c""AQID"a-z%20~%26%3D%2F%C3%A4)");
}

}  // namespace certspan::connector
