#include "host/config/schema.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/config/known_keys.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

void collect(const Json& schema, const std::string& path, std::set<std::string>& keys) {
  if (path == "connectors.*.settings" || path == "profiles.*") return;
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (schema.contains("properties")) {
    for (const auto& [key, property] : schema.at("properties").items()) {
      keys.insert(below(key));
      collect(property, below(key), keys);
    }
  }
  if (schema.contains("additionalProperties")) collect(schema.at("additionalProperties"), below("*"), keys);
  if (schema.contains("items")) collect(schema.at("items"), path, keys);
}

/// What the independent validator of Python says of a file: "" or its complaint. The file is parsed by
/// PyYAML.
std::string judge(const std::string& text) {
  std::string pattern = (fs::temp_directory_path() / "certspan-schema-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const fs::path dir = pattern;
  std::ofstream(dir / "schema.json") << config_schema(FakeCatalog());
  std::ofstream(dir / "file.yaml") << text;
  const std::string command = fmt::format("/usr/bin/python3 -B '{}' '{}/schema.json' '{}/file.yaml' 2>&1",
                                          CERTSPAN_SCHEMA_JUDGE, pattern, pattern);
  FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): fixed words and paths of our own
  REQUIRE(pipe != nullptr);
  std::string said;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) said += buffer.data();
  const int status = ::pclose(pipe);
  fs::remove_all(dir);
  CHECK((status == 0) == said.empty());
  return said;
}

std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  const std::size_t at = changed.find(from);
  REQUIRE(at != std::string::npos);
  return changed.replace(at, from.size(), to);
}

TEST_CASE("the schema knows the same keys as the reader, each with a description") {
  std::set<std::string> described;
  collect(Json::parse(config_schema(FakeCatalog())), "", described);
  std::set<std::string> known;
  for (const KnownKey& key : known_keys()) {
    known.insert(key.parent.empty() ? std::string(key.key) : fmt::format("{}.{}", key.parent, key.key));
  }
  CHECK(described == known);
}

TEST_CASE("files that the host accepts fit the schema, by an independent validator") {
  CHECK(judge(std::string(kExample)) == "");
  CHECK(judge(std::string(kEveryKey)) == "");
  CHECK(judge("version: 1\n") == "");
  CHECK(judge(with(kEveryKey, "drain_timeout: 30s", "drain_timeout: \"${env:DRAIN:-30s}\"")) == "");
  CHECK(judge(with(kEveryKey, "max_connections: 1000", "max_connections: \"${env:MOST}\"")) == "");
  CHECK(judge(with(kEveryKey, "max_polls: 10", "max_polls: \"${env:MOST}\"")) == "");
}

TEST_CASE("what the host refuses, an editor refuses by the schema too") {
  CHECK(judge(with(kEveryKey, "drain_timeout: 30s", "drain_timeout: 30")) != "");
  CHECK(judge(with(kEveryKey, "data_dir:", "datadir:")) != "");
  CHECK(judge(with(kEveryKey, "version: 1", "version: 2")) != "");
  CHECK(judge(with(kEveryKey, "level: info", "level: loud")) != "");
  CHECK(judge(with(kEveryKey, "validate: password", "validat: password")) != "");
  CHECK(judge(with(kEveryKey, "      - validate: password\n", "      - timeout: 1s\n")) != "");
  CHECK(judge(with(kEveryKey, "path: /scep", "pathh: /scep")) != "");
  CHECK(judge(with(kEveryKey, "[throttled,", "[throttle,")) != "");
  CHECK(judge(with(kEveryKey, "outcome: unknown,", "outcom: unknown,")) != "");
  CHECK(judge(with(kEveryKey, "state: done", "state: finished")) != "");
  CHECK(judge(with(kEveryKey, "\"${credential:ra-key}\"", "geheim")) != "");
  CHECK(judge(with(kEveryKey, "cache: 64KiB", "cache: 65536")) != "");
  CHECK(judge(with(kEveryKey, "validity: 365d", "validity: 365")) != "");
  CHECK(judge(with(kEveryKey, "validity: 365d", "validty: 365d")) != "");
  CHECK(judge(with(kEveryKey, "key: \"${file:web.key}\"", "issuer: corp-ca")) != "");
}

TEST_CASE("references inside a plugin's schema still lead there in the whole schema") {
  FakeCatalog catalog;
  catalog.add(
      {"x",
       "y",
       "",
       R"({"definitions": {"n": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/n"}}})",
       {Role::Issuer},
       0});
  const Json schema = Json::parse(config_schema(catalog));
  const std::string reference = schema.at("definitions").at("x.y").at("properties").at("a").at("$ref");
  CHECK(schema.at(Json::json_pointer(reference.substr(1))) == Json{{"type", "string"}});
}

}  // namespace
}  // namespace certspan::test
