#include <algorithm>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

constexpr std::uint32_t kMostConcurrency = 1024;

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void read_pins(const YamlNode& node, PluginsSection& plugins, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"pins\" of plugins", "a mapping of plugin ids to SHA-256 digests", faults);
    return;
  }
  for (const YamlEntry& pin : node.entries()) {
    if (!check_name(pin, "plugin", faults)) continue;
    // A digest may consist of digits alone, so that it is no text to YAML.
    if (pin.value.is_scalar() && is_sha256(pin.value.text())) {
      plugins.pins.emplace(pin.key, pin.value.text());
    } else {
      faults.error(
          FaultCode::BadValue, pin.value.mark(),
          fmt::format("the pin of plugin \"{}\" is no SHA-256: 64 lower-case hexadecimal digits", pin.key),
          "`sha256sum FILE` prints it");
    }
  }
}

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
  const std::vector<std::string> known = {"plugin",      "type",     "settings",
                                          "concurrency", "required", "isolation"};
  for (const YamlEntry& entry : connector.entries()) {
    if (std::ranges::find(known, entry.key) == known.end() && closest(entry.key, known).empty())
      faults.hide_excerpt(entry.key_mark);
  }
}

}  // namespace

void read_plugins(const YamlNode& node, const std::filesystem::path& base, PluginsSection& plugins,
                  Faults& faults) {
  MapReader map(node, "plugins", "plugins", faults);
  plugins.mark = node.mark();
  if (const YamlEntry* dirs = map.take("dirs")) {
    for (const Named& dir : read_texts(dirs->value, "\"dirs\" of plugins", faults)) {
      plugins.dirs.push_back((base / dir.name).lexically_normal());
    }
  }
  if (const YamlEntry* pins = map.take("pins")) read_pins(pins->value, plugins, faults);
  map.later("trust", "until then, pin each plugin's file under \"pins\"");
  map.finish();
}

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
    map.later("isolation", "until then every plugin runs in the host");
    map.advise("what the plugin wants to know belongs under \"settings\"");
    map.finish();
  }
}

}  // namespace certspan
