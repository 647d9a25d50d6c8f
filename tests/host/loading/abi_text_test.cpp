#include "host/loading/abi_text.hpp"

#include <catch2/catch.hpp>

namespace certspan {
namespace {

TEST_CASE("text that is in order stays as it is") {
  CHECK(clean_text("", 10).empty());
  CHECK(clean_text("quota exceeded", 100) == "quota exceeded");
  CHECK(clean_text("Zürich, 東京, 𝄞", 100) == "Zürich, 東京, 𝄞");
}

TEST_CASE("control characters can't forge a line or move a cursor") {
  CHECK(clean_text("a\nb\tc\r\x1b[2J\x7f", 100) == "a b c  [2J ");
  CHECK(clean_text(std::string_view("a\0b", 3), 100) == "a b");
  CHECK(clean_text("\xc2\x9b"
                   "2J",
                   100) == "??2J");  // U+009B, CSI in one character
}

TEST_CASE("bytes that are no UTF-8 become question marks") {
  CHECK(clean_text("a\xff"
                   "b",
                   100) == "a?b");
  CHECK(clean_text("\xc3", 100) == "?");                 // cut off
  CHECK(clean_text("\xc0\xaf", 100) == "??");            // overlong '/'
  CHECK(clean_text("\xe0\x80\xaf", 100) == "???");       // overlong
  CHECK(clean_text("\xed\xa0\x80", 100) == "???");       // surrogate
  CHECK(clean_text("\xf4\x90\x80\x80", 100) == "????");  // above U+10FFFF
  CHECK(clean_text("\xf0\x80\x80\xaf", 100) == "????");  // overlong
  CHECK(clean_text("\xe2\x28\xa1", 100) == "?(?");
}

TEST_CASE("long text is cut between characters") {
  CHECK(clean_text(std::string(2000, 'x'), 1024) == std::string(1024, 'x'));
  CHECK(clean_text("aä", 2) == "a");
  CHECK(clean_text("aä", 3) == "aä");
}

}  // namespace
}  // namespace certspan
