#include "host/config/expansion.hpp"

#include <catch2/catch.hpp>

#include "host/config/yaml_reader.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

using Kind = YamlNode::Kind;

YamlNode expand(std::string_view text, Faults& faults, const Environment& environment = {}) {
  ExpansionContext context;
  context.environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  context.directory = "/etc/certspan";
  const auto root = read_yaml(text, faults);
  REQUIRE(root);
  return expand_references(*root, context, faults);
}

/// The value of `k` in this environment, which must expand without fault.
YamlNode value_of(const std::string& value, const Environment& environment = {}) {
  Faults faults("f");
  YamlNode node = expand("k: " + value, faults, environment).find("k")->value;
  INFO(faults.to_text());
  CHECK(faults.empty());
  return node;
}

Fault fault_of(const std::string& value) {
  Faults faults("f");
  expand("k: " + value, faults);
  REQUIRE(faults.sorted().size() == 1);
  return faults.sorted()[0];
}

TEST_CASE("variables are expanded anywhere in a scalar") {
  CHECK(value_of("https://${env:HOST}:${env:PORT}/", {{"HOST", "h"}, {"PORT", "1"}}).text() ==
        "https://h:1/");
  CHECK(value_of("\"${env:EMPTY}\"", {{"EMPTY", ""}}).text().empty());
}

TEST_CASE("a default stands in for a variable that is not set, or empty") {
  CHECK(value_of("${env:NO:-dir}").text() == "dir");
  CHECK(value_of("${env:NO:-}").text().empty());
  CHECK(value_of("${env:EMPTY:-dir}", {{"EMPTY", ""}}).text() == "dir");
  CHECK(value_of("${env:YES:-dir}", {{"YES", "set"}}).text() == "set");
}

TEST_CASE("two dollars are one, and a dollar before anything else is itself") {
  CHECK(value_of("a$$b").text() == "a$b");
  CHECK(value_of("$${env:HOST}").text() == "${env:HOST}");
  CHECK(value_of("^foo$").text() == "^foo$");
  CHECK(value_of("pa$word").text() == "pa$word");
}

TEST_CASE("a value can not change the structure of the file, nor be expanded again") {
  const YamlNode node = value_of("${env:EVIL}", {{"EVIL", "x, y: [z] ${env:EVIL} # c\nother: 1"}});
  CHECK(node.kind() == Kind::String);
  CHECK(node.text() == "x, y: [z] ${env:EVIL} # c\nother: 1");
}

TEST_CASE("messages can show what stood in the file instead of the value") {
  CHECK(value_of("${env:PORT}", {{"PORT", "8080"}}).written() == "${env:PORT}");
}

TEST_CASE(
    "a whole scalar that refers to a secret becomes a reference, relative paths from the file's directory") {
  const YamlNode absolute = value_of("\"${file:/run/credentials/x}\"");
  REQUIRE(absolute.kind() == Kind::Secret);
  CHECK(absolute.secret() == SecretRef{SecretRef::Store::File, "/run/credentials/x", absolute.mark()});
  CHECK(value_of("${file:keys/../ra.key}").secret().name == "/etc/certspan/ra.key");
  const YamlNode credential = value_of("${credential:ca-key}");
  REQUIRE(credential.kind() == Kind::Secret);
  CHECK(credential.secret().store == SecretRef::Store::Credential);
  CHECK(credential.secret().name == "ca-key");
  CHECK(credential.text().empty());
}

TEST_CASE("references that can not be expanded are faults") {
  CHECK(fault_of("${env:NO}").message == "environment variable \"NO\" is not set");
  CHECK(fault_of("${HOME}").suggestion.find("${env:HOME}") != std::string::npos);
  CHECK(fault_of("\"${env:OPEN\"").message == "\"${\" is never closed");
  CHECK(fault_of("x${file:/y}").message == "a secret reference must be the whole value");
  CHECK(fault_of("${file:/y}x").message == "a secret reference must be the whole value");
  CHECK(fault_of("${vault:y}").code == FaultCode::Expansion);
  CHECK(fault_of("${}").code == FaultCode::Expansion);
  CHECK(fault_of("${env:}").code == FaultCode::Expansion);
  CHECK(fault_of("${env:1X}").code == FaultCode::Expansion);
  CHECK(fault_of("${file:}").code == FaultCode::Expansion);
  CHECK(fault_of("${credential:../x}").code == FaultCode::Expansion);
  CHECK(fault_of("${credential:..}").code == FaultCode::Expansion);
}

TEST_CASE("a variable that holds no text is refused, without showing it") {
  for (const char* value : {"a\xff", "a\x1b[0m"}) {
    Faults faults("f");
    expand("k: ${env:RAW}", faults, {{"RAW", value}});
    REQUIRE(faults.sorted().size() == 1);
    CHECK(faults.sorted()[0].message == "the value of environment variable \"RAW\" is not UTF-8 text");
  }
}

TEST_CASE("keys and comments are left alone") {
  Faults faults("f");
  const YamlNode root = expand("${env:NO}: 1 # ${env:NO}\n", faults);
  CHECK(faults.empty());
  CHECK(root.find("${env:NO}") != nullptr);
}

TEST_CASE("variables can not make the file larger than it may be") {
  Faults faults("f");
  std::string text;
  for (int i = 0; i < 20; ++i) text += "- ${env:BIG}\n";
  expand(text, faults, {{"BIG", std::string(100'000, 'x')}});
  REQUIRE(faults.has_errors());
  CHECK(faults.sorted()[0].code == FaultCode::TooLarge);
}

}  // namespace
}  // namespace certspan::test
