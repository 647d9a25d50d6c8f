#include "host/app/registry_export.hpp"

#include <catch2/catch.hpp>

#include "host/app/ndes_proposal.hpp"

using namespace certspan;
using Catch::Contains;

namespace {

const std::string kHeader = "Windows Registry Editor Version 5.00\r\n\r\n";
const std::string kMscep = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP";

std::string utf16(const std::string& ascii) {
  std::string wide = "\xff\xfe";
  for (const char c : ascii) wide += {c, '\0'};
  return wide;
}

RegistryExport parsed(const std::string& file) {
  auto registry = RegistryExport::parse(file);
  INFO((registry ? "" : registry.error().message));
  REQUIRE(registry);
  return std::move(*registry);
}

std::string refusal(const std::string& file) {
  const auto registry = RegistryExport::parse(file);
  REQUIRE(!registry);
  return registry.error().message;
}

template <class Data>
Data data_of(const RegistryExport& registry, const char* name) {
  const RegistryValue* value = registry.find("hkey_local_machine\\K", name);
  REQUIRE(value != nullptr);
  REQUIRE(std::holds_alternative<Data>(value->data));
  return std::get<Data>(value->data);
}

NdesSettings ndes_of(const std::string& rest) {
  auto settings = read_ndes_settings(parsed(kHeader + rest));
  INFO((settings ? "" : settings.error().message));
  REQUIRE(settings);
  return std::move(*settings);
}

const std::string kValues =
    "[HKEY_LOCAL_MACHINE\\k]\r\n; a comment\r\n@=\"default\"\r\n\"Text\"=\"a \\\"b\\\" \\\\c\"\r\n"
    "\"Number\"=dword:0000003c\r\n\"Long\"=hex(b):01,00,00,00,00,00,00,80\r\n"
    "\"Path\"=hex(2):25,00,\\\r\n  41,00,00,00\r\n\"List\"=hex(7):61,00,00,00,e4,00,00,00,00,00\r\n"
    "\"Octets\"=hex:00,01,\\\r\n  02\r\n\"Empty\"=hex:\r\n";

}  // namespace

TEST_CASE("every type of value is read from either encoding") {
  for (const std::string& file :
       {kHeader + kValues, utf16(kHeader + kValues), "\xef\xbb\xbf" + kHeader + kValues}) {
    const RegistryExport registry = parsed(file);
    CHECK(data_of<std::string>(registry, "") == "default");
    CHECK(data_of<std::string>(registry, "tEXT") == "a \"b\" \\c");
    CHECK(data_of<std::uint64_t>(registry, "Number") == 60);
    CHECK(data_of<std::uint64_t>(registry, "Long") == 0x8000'0000'0000'0001);
    CHECK(data_of<std::string>(registry, "Path") == "%A");
    CHECK(data_of<std::vector<std::string>>(registry, "List") == std::vector<std::string>{"a", "\xc3\xa4"});
    CHECK(data_of<RegistryBinary>(registry, "Octets").size == 3);
    CHECK(data_of<RegistryBinary>(registry, "Empty").size == 0);
  }
}

TEST_CASE("exports of the first version have strings of one octet a character") {
  const RegistryExport registry =
      parsed("REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\K]\n\"List\"=hex(7):61,00,62,00,00\n");
  CHECK(data_of<std::vector<std::string>>(registry, "List") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a string runs over lines until its quote") {
  const RegistryExport registry =
      parsed(kHeader + "[HKEY_LOCAL_MACHINE\\K]\r\n\"A\"=\"one\r\ntwo\"\r\n\"B\"=dword:1\r\n");
  CHECK(data_of<std::string>(registry, "A") == "one\ntwo");
  CHECK(registry.find("HKEY_LOCAL_MACHINE\\K", "B")->line == 6);
}

TEST_CASE("what is no export is refused with its line") {
  const std::string key = kHeader + "[HKEY_LOCAL_MACHINE\\K]\r\n";
  CHECK_THAT(refusal(""), Contains("line 1"));
  CHECK_THAT(refusal("version: 1\n"), Contains("does not begin with"));
  CHECK_THAT(refusal(kHeader + "\"A\"=dword:1"), Contains("line 3") && Contains("before any key"));
  CHECK_THAT(refusal(kHeader + "[HKEY_LOCAL_MACHINE\\K"), Contains("line 3") && Contains("cut off"));
  CHECK_THAT(refusal(kHeader + "[-HKEY_LOCAL_MACHINE\\K]"), Contains("takes a key away"));
  CHECK_THAT(refusal(key + "\"A\"=dword:123456789"), Contains("line 4") && Contains("hexadecimal"));
  CHECK_THAT(refusal(key + "\"A\"=dword:"), Contains("hexadecimal"));
  CHECK_THAT(refusal(key + "\"A\"=\"no end"), Contains("no end"));
  CHECK_THAT(refusal(key + "\"A\"=\"x\" y"), Contains("follows"));
  CHECK_THAT(refusal(key + "\"A\"=\"\\n\""), Contains("backslash"));
  CHECK_THAT(refusal(key + "\"A\" dword:1"), Contains("NAME=DATA"));
  CHECK_THAT(refusal(key + "\"A\"=hex:0g"), Contains("two hexadecimal digits"));
  CHECK_THAT(refusal(key + "\"A\"=hex:00,"), Contains("last comma"));
  CHECK_THAT(refusal(key + "\"A\"=hex:00,\\"), Contains("ends there"));
  CHECK_THAT(refusal(key + "\"A\"=hex(7:00"), Contains("hex("));
  CHECK_THAT(refusal(key + "\"A\"=hex(4):00"), Contains("octets"));
  CHECK_THAT(refusal(key + "\"A\"=hex(1):00,d8"), Contains("UTF-16"));
  CHECK_THAT(refusal(key + "\"A\"=-"), Contains("neither"));
  CHECK_THAT(refusal(kHeader + "[K\xe4]"), Contains("UTF-8"));
  CHECK_THAT(refusal(kHeader + std::string("[K\0]", 4)), Contains("NUL"));
  CHECK_THAT(refusal("\xff\xfe" + std::string("a\0b", 3)), Contains("UTF-16"));
}

TEST_CASE("an export that is cut off anywhere is read or refused, and no more") {
  const std::string whole = utf16(kHeader + kValues);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto registry = RegistryExport::parse(std::string_view(whole).substr(0, size));
    if (!registry) CHECK_FALSE(registry.error().message.empty());
  }
}

TEST_CASE("too many keys and values are refused") {
  std::string keys = kHeader;
  for (int i = 0; i < 2001; ++i) keys += "[K" + std::to_string(i) + "]\n";
  CHECK_THAT(refusal(keys), Contains("too many keys"));
  std::string values = kHeader + "[K]\n";
  for (int i = 0; i < 20'001; ++i) values += "@=dword:1\n";
  CHECK_THAT(refusal(values), Contains("too many values"));
}

TEST_CASE("how NDES asked for a password is found out") {
  CHECK(ndes_of(kMscep + "]\r\n").challenge == NdesChallenge::OneTime);
  CHECK(ndes_of(kMscep + "\\EnforcePassword]\r\n\"EnforcePassword\"=dword:0\r\n").challenge ==
        NdesChallenge::None);
  CHECK(ndes_of(kMscep + "\\UseSinglePassword]\r\n\"UseSinglePassword\"=dword:1\r\n").challenge ==
        NdesChallenge::OnePassword);
  CHECK(ndes_of(kMscep + "\\Modules\\NDESPolicy]\r\n").challenge == NdesChallenge::PolicyModule);
  CHECK(ndes_of(kMscep + "]\r\n\"EnforcePassword\"=dword:0\r\n").challenge == NdesChallenge::None);
}

TEST_CASE("what has no counterpart is listed by its name") {
  const NdesSettings ndes = ndes_of(kMscep + "]\r\n\"Mine\\\\nasty\"=dword:1\r\n" + kMscep +
                                    "\\Refresh]\r\n\"RefreshPeriod\"=dword:7\r\n");
  CHECK(ndes.not_taken == std::vector<std::string>{"Mine\\nasty", "Refresh\\RefreshPeriod"});
}

TEST_CASE("a setting of another type is refused with its line") {
  const auto settings = read_ndes_settings(parsed(kHeader + kMscep + "]\r\n\"PasswordMax\"=\"many\"\r\n"));
  REQUIRE(!settings);
  CHECK_THAT(settings.error().message, Contains("line 4") && Contains("PasswordMax"));
  const auto other = read_ndes_settings(
      parsed(kHeader + "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEPX]\r\n"));
  REQUIRE(!other);
  CHECK(other.error().code == "import.no_ndes");
}

TEST_CASE("names of the registry can't leave the comments of the proposal") {
  NdesSettings ndes;
  ndes.general_template = "T\nplugins: { dirs: [/evil] }\x1b[2J\xc2\x85";
  ndes.not_taken = std::vector<std::string>(60, "x\ny: z");
  const NdesProposal proposal =
      propose_for_ndes(ndes, {"/etc/certspan", "/var/lib/certspan", "127.0.0.1:1", {"/p\"q"}});
  CHECK(proposal.yaml.find("\nplugins: { dirs: [/evil]") == std::string::npos);
  CHECK(proposal.yaml.find('\x1b') == std::string::npos);
  CHECK(proposal.yaml.find("\ny: z") == std::string::npos);
  CHECK_THAT(proposal.yaml, Contains("and 20 more") && Contains("\"/p\\\"q\""));
}
