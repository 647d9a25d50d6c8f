#include "host/config/yaml_reader.hpp"

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

using Kind = YamlNode::Kind;

YamlNode read(std::string_view text) {
  Faults faults("f");
  auto node = read_yaml(text, faults);
  INFO(faults.to_text());
  REQUIRE(node);
  REQUIRE(faults.empty());
  return *node;
}

/// The only fault that `text` gets.
Fault fault_of(std::string_view text) {
  Faults faults("f");
  read_yaml(text, faults);
  INFO(faults.to_text());
  REQUIRE(faults.sorted().size() == 1);
  return faults.sorted()[0];
}

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST_CASE("an unquoted scalar is a number or a truth value only in its plain decimal form") {
  const auto kind = [](const std::string& value) { return read("k: " + value).find("k")->value.kind(); };
  CHECK(kind("true") == Kind::Boolean);
  CHECK(kind("false") == Kind::Boolean);
  for (const char* word : {"yes", "no", "on", "off", "y", "n", "True", "FALSE"}) {
    CAPTURE(word);
    CHECK(kind(word) == Kind::String);
  }
  CHECK(kind("0") == Kind::Integer);
  CHECK(kind("-12") == Kind::Integer);
  CHECK(kind("1.5") == Kind::Number);
  CHECK(kind("2e3") == Kind::Number);
  for (const char* text :
       {"0755", "0o17", "0x1f", "1:30", "1_000", ".inf", ".nan", "1.2.3", "+", ".", "1e", "30s"}) {
    CAPTURE(text);
    CHECK(kind(text) == Kind::String);
  }
  CHECK(kind("null") == Kind::Null);
  CHECK(kind("~") == Kind::Null);
}

TEST_CASE("a quoted scalar stays text whatever it looks like") {
  for (const char* quoted : {"\"123\"", "'true'", "\"null\"", "'~'"}) {
    const YamlNode node = read(std::string("k: ") + quoted).find("k")->value;
    CHECK(node.kind() == Kind::String);
    CHECK(node.quoted());
  }
  CHECK(read("k: |\n  123\n").find("k")->value.kind() == Kind::String);
}

TEST_CASE("places are lines and columns from 1, columns counted in characters") {
  const YamlNode root = read("a: 1\nlist:\n  - \"grün\": {deep: x}\n");
  CHECK(root.find("a")->key_mark == Mark{1, 1});
  CHECK(root.find("a")->value.mark() == Mark{1, 4});
  const YamlEntry& green = root.find("list")->value.items().at(0).entries().at(0);
  CHECK(green.key_mark == Mark{3, 5});
  CHECK(green.value.find("deep")->key_mark == Mark{3, 14});
  CHECK(green.value.find("deep")->value.mark() == Mark{3, 20});
}

TEST_CASE("a value that is not there has the place of its key, not of what comes next") {
  const YamlNode root = read("a:\n  b:\nc:\n\n");
  CHECK(root.find("a")->value.find("b")->value.mark() == Mark{2, 3});
  CHECK(root.find("c")->value.mark() == Mark{3, 1});
}

TEST_CASE("a byte order mark and Windows line ends change no place") {
  const YamlNode root = read(
      "\xef\xbb\xbf"
      "a: 1\r\nb: 2\r\n");
  CHECK(root.find("b")->key_mark == Mark{2, 1});
  CHECK(root.find("b")->value.text() == "2");
}

TEST_CASE("a second equal key is a fault that names the first one's line, and the first value stays") {
  Faults faults("f");
  const auto root = read_yaml("a: 1\nb: 2\na: 3\n", faults);
  REQUIRE(root);
  CHECK(root->find("a")->value.text() == "1");
  REQUIRE(faults.sorted().size() == 1);
  CHECK(faults.sorted()[0].code == FaultCode::DuplicateKey);
  CHECK(faults.sorted()[0].mark == Mark{3, 1});
  CHECK(faults.sorted()[0].message == "key \"a\" is already set on line 1");
}

TEST_CASE("YAML beyond the subset is refused") {
  CHECK(fault_of("a: !mine b").code == FaultCode::Forbidden);
  CHECK(fault_of("a: !!int \"3\"").code == FaultCode::Forbidden);
  CHECK(fault_of("a: !!map {}").code == FaultCode::Forbidden);
  CHECK(fault_of("a: &x {b: 1}\nc:\n  <<: *x\n").code == FaultCode::Forbidden);
  CHECK(fault_of("a: 1\n---\nb: 2\n").mark == Mark{2, 1});
  CHECK(fault_of("? [a]\n: 1\n").code == FaultCode::Forbidden);
  CHECK(fault_of("~: 1\n").code == FaultCode::Forbidden);
  CHECK(fault_of("a: &x [*x]\n").code == FaultCode::Forbidden);
  CHECK(fault_of("a: *nobody\n").code == FaultCode::Syntax);
}

TEST_CASE("a quoted \"<<\" is a key like any other") {
  CHECK(read("\"<<\": 1").find("<<") != nullptr);
}

TEST_CASE("an alias stands for the whole node it names") {
  const YamlNode root = read("a: &x {b: [1, 2]}\nc: *x\n");
  CHECK(root.find("c")->value.find("b")->value.items().size() == 2);
}

TEST_CASE("a file of nested aliases that stands for gigabytes is refused at once") {
  std::string laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias +
              repeated(", " + alias, 8) + "]\n";
  }
  CHECK(fault_of(laughs).code == FaultCode::TooLarge);
}

TEST_CASE("aliases do not get around the limit of depth") {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  const Fault fault = fault_of(text);
  CHECK(fault.code == FaultCode::TooLarge);
  CHECK(fault.message == "nested deeper than 64 levels");
}

TEST_CASE("nesting up to 64 levels is read and one more is refused") {
  read(repeated("[", 64) + repeated("]", 64));
  CHECK(fault_of(repeated("[", 65) + repeated("]", 65)).code == FaultCode::TooLarge);
}

TEST_CASE("nesting of 20,000 levels of each form ends in a fault, not in a stack overflow") {
  constexpr int kDeep = 20'000;
  std::string blocks;
  for (int i = 0; i < 1000; ++i) blocks += repeated(" ", i) + "a:\n";
  for (const std::string& text : {repeated("[", kDeep), repeated("{a: ", kDeep), repeated("- ", kDeep),
                                  repeated("? ", kDeep), repeated("[{a: ", kDeep), blocks}) {
    Faults faults("f");
    CHECK_FALSE(read_yaml(text, faults));
    CHECK(faults.has_errors());
  }
}

TEST_CASE("reading takes time in proportion to the size, whatever the shape") {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string_view piece :
       {"a\n",   "- a\n", "'",     "\"",  "&a ",         "*a\n", "!a ",       "a: b\n",
        "? a\n", ": a\n", "# c\n", "|\n", "%YAML 1.2\n", "[",    "]",         "{",
        "}",     ",",     "- - ",  "\t",  "---\n",       "@",    "a: |\n a\n"}) {
    Faults faults("f");
    read_yaml(repeated(piece, static_cast<int>(256 * 1024 / piece.size())), faults);
  }
  Faults faults("f");
  REQUIRE(read_yaml("[" + repeated("ä, ", 80'000) + "]", faults));
  // Far above what linear reading takes with a sanitizer on a busy machine, far below what quadratic would.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(50));
}

TEST_CASE("a file of over a mebibyte is refused unread") {
  CHECK(fault_of("a: " + std::string(kLargestYaml, 'x')).code == FaultCode::TooLarge);
}

TEST_CASE("what is not UTF-8 text is refused at its first byte") {
  CHECK(fault_of("a: 1\nb: \xff\n").mark == Mark{2, 4});
  for (const std::string& bytes :
       {std::string("a: \0b", 5), std::string("a: \x1b[0m"), std::string("a: \xc0\x80"),
        std::string("a: \xed\xa0\x80"), std::string("a: \xf5\x80\x80\x80"), std::string("a: \xe2\x82"),
        std::string("\xff\xfe"
                    "a\0",
                    4)}) {
    const Fault fault = fault_of(bytes);
    CHECK(fault.code == FaultCode::Syntax);
    CHECK(fault.message == "this byte is a control character or not UTF-8");
  }
}

TEST_CASE("an escape can not bring a control character in") {
  CHECK(fault_of(R"(a: "x\0y")").code == FaultCode::Forbidden);
  CHECK(fault_of(R"(a: "\e[0m")").code == FaultCode::Forbidden);
  CHECK(fault_of(R"("\x07": 1)").code == FaultCode::Forbidden);
  CHECK(read(R"(a: "x\ty\u00fc")").find("a")->value.text() == "x\ty\xc3\xbc");
}

TEST_CASE("an empty file is a fault") {
  for (const char* text : {"", "\n\n", "# only a comment\n"}) {
    Faults faults("f");
    CHECK_FALSE(read_yaml(text, faults));
    CHECK(faults.has_errors());
  }
}

TEST_CASE("a file cut off anywhere is read or refused, never more") {
  for (std::size_t size = 0; size < kExample.size(); ++size) {
    Faults faults("f");
    const bool read = read_yaml(kExample.substr(0, size), faults).has_value();
    CHECK((read || faults.has_errors()));
  }
}

TEST_CASE("a key of over a kibibyte is refused") {
  CHECK(fault_of("? " + std::string(1025, 'k') + "\n: 1\n").code == FaultCode::TooLarge);
}

}  // namespace
}  // namespace certspan::test
