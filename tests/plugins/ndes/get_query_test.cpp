#include "plugins/ndes/scep_server/get_query.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "plugins/common/pki/base64.hpp"

namespace certspan::scep {
namespace {

using pki::Bytes;

// Octets whose base64 holds '+', '/' and '=' and takes more than one line of 64 characters.
Bytes sample() {
  Bytes bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 2 == 0 ? 0xFB : 0xEF + i % 16));
  return bytes;
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string plain() {
  return pki::base64_encode(sample());
}

std::string percent() {
  return replace_all(replace_all(replace_all(plain(), "+", "%2B"), "/", "%2F"), "=", "%3D");
}

std::string in_lines(const std::string& text, const std::string& line_end) {
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += 64) lines += text.substr(at, 64) + line_end;
  return lines;
}

}  // namespace

TEST_CASE("the sample holds every character that clients disagree about") {
  REQUIRE(plain().find('+') != std::string::npos);
  REQUIRE(plain().find('/') != std::string::npos);
  REQUIRE(plain().find('=') != std::string::npos);
  REQUIRE(plain().size() > 64);
}

TEST_CASE("a message is read in every spelling that clients in the field use") {
  const std::string spelling = GENERATE(
      // certmonger; Cisco and old sscep; strongSwan; iOS; iOS behind a form decoder; scepclient; unpadded;
      // doubly escaped
      percent(), replace_all(in_lines(plain(), "%0A"), "=", "%3D"),
      replace_all(in_lines(plain(), "%0A"), "+", "%2B"), replace_all(plain(), "=", "%3D"),
      replace_all(plain(), "+", "%20"), replace_all(replace_all(plain(), "+", "-"), "/", "_"),
      replace_all(plain(), "=", ""), replace_all(percent(), "%", "%25"), in_lines(plain(), "%0d%0a"),
      plain());
  CAPTURE(spelling);
  const auto decoded = decode_message(spelling);
  REQUIRE(decoded);
  CHECK(*decoded == sample());
}

TEST_CASE("what is base64 in no spelling is refused") {
  const std::string text =
      GENERATE("", "%", "%4", "%zz", "MII%", "M", "MIIC*", "MI=IC", "MIIC====", "%25zz", "%00", "é");
  CAPTURE(text);
  CHECK_FALSE(decode_message(text));
}

TEST_CASE("names and operations are found whatever their case and place") {
  const Query query = parse_query("message=a%20b&OPERATION=pkiOPERATION&x=y");
  CHECK(query.operation == Operation::PkiOperation);
  CHECK(query.message == "a%20b");
  CHECK(parse_query("operation=GetCACaps").operation == Operation::GetCaCaps);
  CHECK(parse_query("Operation=getcacert&message=0").operation == Operation::GetCaCert);
  CHECK(parse_query("operation=Get%43ACert").operation == Operation::GetCaCert);
}

TEST_CASE("padding inside a message does not end it") {
  CHECK(parse_query("operation=PKIOperation&message=MII=").message == "MII=");
  CHECK(parse_query("operation=PKIOperation&message=MA==").message == "MA==");
}

TEST_CASE("a query that says nothing known is unknown, not an error") {
  const std::string query =
      GENERATE("", "&", "=", "&&==&", "operation", "operation=", "operation=GetEverything", "op=PKIOperation",
               "operation=%", "operation=PKIOperation%00");
  CAPTURE(query);
  CHECK(parse_query(query).operation == Operation::Unknown);
}

TEST_CASE("the first of two parameters counts") {
  const Query query = parse_query("operation=GetCACaps&operation=PKIOperation&message=1&message=2");
  CHECK(query.operation == Operation::GetCaCaps);
  CHECK(query.message == "1");
}

}  // namespace certspan::scep
