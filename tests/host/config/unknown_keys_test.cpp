#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "host/config/check_types.hpp"
#include "host/config/known_keys.hpp"
#include "host/config/yaml_reader.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/support.hpp"

namespace certspan::test {
namespace {

constexpr std::string_view kStranger = "zzz_stranger";

/// Writes a tree as YAML in flow style, with a key that nobody knows put into one of its mappings.
class Writer {
 public:
  explicit Writer(std::size_t victim) : victim_(victim) {}

  std::string write(const YamlNode& node, const std::string& path) {
    if (node.kind() == YamlNode::Kind::Sequence) {
      std::string out;
      for (const YamlNode& item : node.items()) out += (out.empty() ? "" : ", ") + write(item, path);
      return "[" + out + "]";
    }
    if (node.kind() != YamlNode::Kind::Mapping)
      return node.quoted() ? fmt::format("\"{}\"", node.text()) : node.text();
    const bool chosen = count_++ == victim_;
    if (chosen) chosen_path_ = path;
    std::string out = chosen ? fmt::format("{}: 1", kStranger) : std::string();
    for (const YamlEntry& entry : node.entries()) {
      if (!out.empty()) out += ", ";
      out += fmt::format("\"{}\": {}", entry.key,
                         write(entry.value, path.empty() ? entry.key : path + "." + entry.key));
    }
    return "{" + out + "}";
  }

  /// How many mappings there were.
  std::size_t count() const { return count_; }
  const std::string& chosen_path() const { return chosen_path_; }

 private:
  std::size_t victim_;
  std::size_t count_ = 0;
  std::string chosen_path_;
};

YamlNode every_key() {
  Faults faults("f");
  const auto root = read_yaml(kEveryKey, faults);
  REQUIRE(root);
  return *root;
}

std::vector<Fault> faults_of(const std::string& text) {
  Faults faults("f");
  const auto config = parse(text, faults);
  REQUIRE(config);
  check_against_types(*config, FakeCatalog(), faults);
  auto all = faults.sorted();
  std::erase_if(all, [](const Fault& fault) { return fault.code == FaultCode::Danger; });
  return all;
}

/// Mappings whose keys are names that the admin chooses: there a strange key is a new name, and its value of
/// 1 is what is wrong.
bool holds_names(const std::string& path) {
  static const std::set<std::string> kNames = {"host.listeners",
                                               "plugins.pins",
                                               "plugins.trust.keys",
                                               "connectors",
                                               "profiles",
                                               "pipelines",
                                               "pipelines.wifi.when",
                                               "pipelines.renewals.when",
                                               "tests",
                                               "tests.patience.labels",
                                               "tests.patience.connectors"};
  return kNames.contains(path);
}

TEST_CASE("the example with every key has no fault") {
  const auto faults = faults_of(std::string(kEveryKey));
  for (const Fault& fault : faults) FAIL(fault.mark.line << ": " << fault.message);
}

TEST_CASE("a key that nobody knows is refused in every mapping at every depth") {
  const YamlNode root = every_key();
  Writer counter(SIZE_MAX);
  const std::string unchanged = counter.write(root, "");
  REQUIRE(faults_of(unchanged).empty());
  REQUIRE(counter.count() > 25);
  for (std::size_t victim = 0; victim < counter.count(); ++victim) {
    Writer writer(victim);
    const std::string text = writer.write(root, "");
    CAPTURE(writer.chosen_path());
    const auto faults = faults_of(text);
    const auto told = std::find_if(faults.begin(), faults.end(), [](const Fault& fault) {
      return fault.severity == Severity::Error && fault.message.find(kStranger) != std::string::npos;
    });
    REQUIRE(told != faults.end());
    if (holds_names(writer.chosen_path())) continue;
    CHECK(told->code == FaultCode::UnknownKey);
    CHECK(told->mark == place_in(text, kStranger));
    CHECK(faults.size() == 1);
  }
}

/// All keys of the file's own grammar that stand in a tree, with names replaced by "*".
void collect(const YamlNode& node, const std::string& path, std::set<std::string>& keys) {
  static const std::set<std::string> kNameMaps = {
      "host.listeners",   "plugins.pins", "plugins.trust.keys", "connectors",        "profiles", "pipelines",
      "pipelines.*.when", "tests",        "tests.*.labels",     "tests.*.connectors"};
  if (path == "connectors.*.settings" || path == "profiles.*") return;
  const bool names = kNameMaps.contains(path);
  for (const YamlEntry& entry : node.entries()) {
    const std::string below = (path.empty() ? "" : path + ".") + (names ? "*" : entry.key);
    if (!names) keys.insert(below);
    collect(entry.value, below, keys);
  }
  for (const YamlNode& item : node.items()) collect(item, path, keys);
}

TEST_CASE("the table of known keys is what the reader takes: the example with every key holds each of them") {
  std::set<std::string> written;
  collect(every_key(), "", written);
  std::set<std::string> known;
  for (const KnownKey& key : known_keys()) {
    known.insert(key.parent.empty() ? std::string(key.key) : fmt::format("{}.{}", key.parent, key.key));
  }
  CHECK(written == known);
}

}  // namespace
}  // namespace certspan::test
