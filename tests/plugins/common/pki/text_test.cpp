#include "plugins/common/pki/text.hpp"

#include <catch2/catch.hpp>

namespace certspan::pki {
namespace {

std::optional<std::string> text_of(std::uint8_t string_tag, const std::string& content) {
  const DerElement element{string_tag, {}, as_bytes(content)};
  const Result<std::string> text = read_text(element, "test");
  return text ? std::optional(*text) : std::nullopt;
}

}  // namespace

TEST_CASE("every string type becomes UTF-8") {
  CHECK(text_of(tag::kPrintableString, "Example 7") == "Example 7");
  CHECK(text_of(tag::kUtf8String, "grüße €𝄞") == "grüße €𝄞");
  CHECK(text_of(tag::kT61String, "gr\xfc\xdf") == "grüß");
  CHECK(text_of(tag::kBmpString, std::string("\x20\xac\0A", 4)) == "€A");
  CHECK(text_of(tag::kUniversalString, std::string("\0\1\xd1\x1e", 4)) == "𝄞");
  CHECK(text_of(tag::kIa5String, "a@b_c") == "a@b_c");
  CHECK(text_of(tag::kNumericString, "12 3") == "12 3");
}

TEST_CASE("characters that a type does not have are refused") {
  CHECK_FALSE(text_of(tag::kPrintableString, "a@b"));
  CHECK_FALSE(text_of(tag::kNumericString, "12a"));
  CHECK_FALSE(text_of(tag::kIa5String, "\xc3\xbc"));
  CHECK_FALSE(text_of(tag::kVisibleString, "a\n"));
  CHECK_FALSE(text_of(tag::kBmpString, "abc"));
  CHECK_FALSE(text_of(tag::kBmpString, "\xd8\x34"));
  CHECK_FALSE(text_of(tag::kUniversalString, std::string("\0\x11\0\0", 4)));
  CHECK_FALSE(text_of(tag::kOctetString, "a"));
}

TEST_CASE("a NUL is refused in every string type") {
  const std::string nul("a\0b", 3);
  for (const std::uint8_t string_tag : {tag::kUtf8String, tag::kIa5String, tag::kT61String}) {
    CHECK_FALSE(text_of(string_tag, nul));
  }
  CHECK_FALSE(text_of(tag::kBmpString, std::string("\0a\0\0", 4)));
}

TEST_CASE("broken UTF-8 is refused") {
  for (const std::string bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xc3\x28"}) {
    INFO(to_hex(as_bytes(bad)));
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

}  // namespace certspan::pki
