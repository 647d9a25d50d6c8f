#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

constexpr std::uint32_t kMostConcurrency = 1024;

void read_settings(MapReader& map, ConnectorConfig& connector, Faults& faults) {
  const YamlEntry* settings = map.take("settings");
  if (settings == nullptr) return;
  if (settings->value.kind() != YamlNode::Kind::Mapping) {
    faults.hide_excerpt(settings->key_mark);  // it may be a secret
    wrong_type(settings->value, fmt::format("\"settings\" of {}", map.what()), "a mapping", faults);
    return;
  }
  connector.settings = settings->value;
  connector.settings_mark = settings->key_mark;
}

/// What the plugin wants to know, a secret perhaps, and not under "settings": its line is kept out of print
/// unless it is a key of ours with a slip in it.
void hide_strays(const YamlNode& connector, Faults& faults) {
  const std::vector<std::string> known = {"plugin",   "type",      "settings", "concurrency",
                                          "required", "isolation", "network"};
  for (const YamlEntry& entry : connector.entries()) {
    if (std::ranges::find(known, entry.key) == known.end() && closest(entry.key, known).empty())
      faults.hide_excerpt(entry.key_mark);
  }
}

void read_isolation(MapReader& map, ConnectorConfig& connector) {
  static constexpr std::array<std::string_view, 2> kWords = {"in_process", "process"};
  auto isolation = static_cast<std::size_t>(connector.isolation);
  map.choice("isolation", kWords, isolation);
  map.boolean("network", connector.network);
  connector.isolation = static_cast<Isolation>(isolation);
}

}  // namespace

void read_connectors(const YamlNode& node, std::vector<ConnectorConfig>& connectors, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"connectors\"", "a mapping of names to connectors", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    check_name(entry, "connector", faults);
    ConnectorConfig& connector = connectors.emplace_back();
    connector.name = {entry.key, entry.key_mark};
    connector.settings_mark = entry.key_mark;
    MapReader map(entry.value, fmt::format("connector \"{}\"", entry.key), "connectors.*", faults);
    map.need_name("plugin", connector.plugin);
    map.need_name("type", connector.type);
    read_settings(map, connector, faults);
    map.integer("concurrency", Bounds<std::uint32_t>{1, kMostConcurrency}, connector.concurrency);
    map.boolean("required", connector.required);
    hide_strays(entry.value, faults);
    read_isolation(map, connector);
    map.advise("what the plugin wants to know belongs under \"settings\"");
    map.finish();
  }
}

}  // namespace certspan
