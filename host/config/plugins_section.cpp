#include <algorithm>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"

namespace certspan {
namespace {

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

/// "com.acme.ca", or "com.acme.*". A pattern that takes whole countries or everybody is no vendor's.
bool is_id_pattern(std::string_view text) {
  constexpr std::string_view kAllBelow = ".*";
  const bool all_below = text.ends_with(kAllBelow);
  if (all_below) text.remove_suffix(kAllBelow.size());
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && std::ranges::all_of(text, is_good) && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         (!all_below || text.find('.') != std::string_view::npos);
}

void read_ids(const YamlNode& node, TrustedKey& key, const std::string& what, Faults& faults) {
  for (Named& id : read_texts(node, fmt::format("\"ids\" of {}", what), faults)) {
    if (is_id_pattern(id.name)) {
      key.ids.push_back(std::move(id.name));
      continue;
    }
    faults.error(
        FaultCode::BadValue, id.mark, fmt::format("\"{}\" in \"ids\" of {} is no plugin id", id.name, what),
        "write an id such as com.acme.ca, or com.acme.* for all of a vendor's, with two words at least");
  }
}

void read_keys(const YamlNode& node, const std::filesystem::path& base, TrustSection& trust, Faults& faults) {
  if (node.kind() != YamlNode::Kind::Mapping) {
    wrong_type(node, "\"keys\" of trust", "a mapping of names to public keys", faults);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    check_name(entry, "key", faults);
    TrustedKey& key = trust.keys.emplace_back();
    key.name = {entry.key, entry.key_mark};
    MapReader map(entry.value, fmt::format("key \"{}\"", entry.key), "plugins.trust.keys.*", faults);
    if (const YamlEntry* file = map.need("public_key_file")) key.public_key_mark = file->value.mark();
    map.path("public_key_file", base, key.public_key_file);
    if (const YamlEntry* ids = map.need("ids")) read_ids(ids->value, key, map.what(), faults);
    map.finish();
  }
}

void read_trust(const YamlNode& node, const std::filesystem::path& base, TrustSection& trust,
                Faults& faults) {
  MapReader map(node, "trust of plugins", "plugins.trust", faults);
  if (const YamlEntry* keys = map.take("keys")) read_keys(keys->value, base, trust, faults);
  map.path("revoked_file", base, trust.revoked_file);
  if (const YamlEntry* revoked = map.take("revoked_file")) trust.revoked_mark = revoked->value.mark();
  map.boolean("danger_allow_unsigned", trust.danger_allow_unsigned);
  map.finish();
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
  if (const YamlEntry* trust = map.take("trust")) read_trust(trust->value, base, plugins.trust, faults);
  map.finish();
}

}  // namespace certspan
