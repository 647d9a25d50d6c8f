#include "host/config/load_config.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "host/config/map_reader.hpp"
#include "host/config/sections.hpp"
#include "host/config/yaml_reader.hpp"

namespace certspan {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kLongestSocketPath = 107;  // sun_path of sockaddr_un, less its terminating zero

bool is_on(const YamlNode& value) {
  if (value.kind() == YamlNode::Kind::Sequence) return !value.items().empty();
  if (value.kind() == YamlNode::Kind::Mapping) return !value.entries().empty();
  return value.text() != "false";
}

/// Finds every `danger_` switch that is on, wherever it stands.
void find_dangers(const YamlNode& node, const std::string& path, std::vector<DangerSwitch>& found) {
  for (const YamlEntry& entry : node.entries()) {
    const std::string below = path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key);
    if (entry.key.starts_with("danger_") && is_on(entry.value)) found.push_back({below, entry.key_mark});
    find_dangers(entry.value, below, found);
  }
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    find_dangers(node.items()[i], fmt::format("{}[{}]", path, i), found);
  }
}

/// Keeps lines out of print in which somebody seems to have written a secret, whatever fault they get: the
/// schema that would tell for sure may be out of reach.
void hide_likely_secrets(const YamlNode& node, Faults& faults) {
  static constexpr std::array<std::string_view, 6> kWords = {"secret",     "password", "passphrase",
                                                             "credential", "token",    "challenge"};
  for (const YamlEntry& entry : node.entries()) {
    const bool likely = std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
      return entry.key.find(word) != std::string::npos;
    });
    if (likely && entry.value.kind() != YamlNode::Kind::Secret &&
        entry.value.kind() != YamlNode::Kind::Mapping) {
      faults.hide_excerpt(entry.key_mark);
    }
    hide_likely_secrets(entry.value, faults);
  }
  for (const YamlNode& item : node.items()) hide_likely_secrets(item, faults);
}

/// Beside the journal, in a directory that is closed to everybody else; the service's own host has a place
/// that the people with a role can reach.
std::filesystem::path default_socket(const HostSection& host) {
  if (host.data_dir == HostSection().data_dir) return "/run/certspan/control.sock";
  return host.data_dir / "control.sock";
}

void check_socket_path(Config& config, Faults& faults) {
  ControlSection& control = config.host.control;
  if (control.socket.empty()) {
    control.socket = default_socket(config.host);
    if (!control.roles.empty() && control.socket.parent_path() == config.host.data_dir) {
      faults.warning(
          FaultCode::BadValue, control.roles.begin()->second.front().mark,
          "people with a role can't reach the control socket: data_dir is closed to all but the host's user",
          "set \"socket\" of \"host.control\" to a path in a directory that they may enter");
    }
  }
  if (control.socket.native().size() <= kLongestSocketPath) return;
  faults.error(FaultCode::BadValue, control.socket_mark,
               fmt::format("the path of the control socket is longer than {} bytes", kLongestSocketPath),
               "set \"socket\" of \"host.control\" to a shorter one");
}

void read_version(MapReader& map, Config& config, Faults& faults) {
  config.version = 0;
  if (map.need("version") == nullptr) return;
  map.integer("version", Bounds<int>{1, 1'000'000}, config.version);
  if (config.version > kVersion) {
    faults.error(
        FaultCode::BadValue, map.take("version")->value.mark(),
        fmt::format("this certspan reads version {} of the file format, not {}", kVersion, config.version));
  }
}

void read_profiles(const YamlEntry& entry, Config& config, Faults& faults) {
  if (entry.value.kind() != YamlNode::Kind::Mapping) {
    wrong_type(entry.value, "\"profiles\"", "a mapping of names to profiles", faults);
    return;
  }
  for (const YamlEntry& profile : entry.value.entries()) check_name(profile, "profile", faults);
  config.profiles = entry.value;
  config.profiles_mark = entry.key_mark;
}

void read_sections(const YamlNode& root, const std::filesystem::path& base, Config& config, Faults& faults) {
  MapReader map(root, "the file", "", faults);
  read_version(map, config, faults);
  if (const YamlEntry* host = map.take("host")) read_host(host->value, base, config.host, faults);
  if (const YamlEntry* plugins = map.take("plugins"))
    read_plugins(plugins->value, base, config.plugins, faults);
  if (const YamlEntry* entry = map.take("connectors"))
    read_connectors(entry->value, config.connectors, faults);
  if (const YamlEntry* profiles = map.take("profiles")) read_profiles(*profiles, config, faults);
  if (const YamlEntry* entry = map.take("pipelines")) read_pipelines(entry->value, config.pipelines, faults);
  if (const YamlEntry* tests = map.take("tests")) read_tests(tests->value, config.tests, faults);
  map.finish();
}

}  // namespace

std::optional<Config> parse_config(const std::filesystem::path& file, std::string_view text,
                                   const ExpansionContext& context, Faults& faults) {
  const auto written = read_yaml(text, faults);
  if (!written) return std::nullopt;
  const YamlNode root = expand_references(*written, context, faults);
  if (root.kind() != YamlNode::Kind::Mapping) {
    wrong_type(root, "the file", "a mapping", faults);
    return std::nullopt;
  }
  hide_likely_secrets(root, faults);
  Config config;
  config.file = file;
  read_sections(root, context.directory, config, faults);
  check_socket_path(config, faults);
  find_dangers(root, "", config.dangers);
  for (const DangerSwitch& danger : config.dangers) {
    faults.warning(FaultCode::Danger, danger.mark, fmt::format("\"{}\" is on", danger.path));
  }
  check_references(config, faults);
  check_pipelines(config, faults);
  check_tests(config, faults);
  if (config.pipelines.empty() && !faults.has_errors()) {
    faults.warning(FaultCode::Unused, {}, "the file has no pipelines, so this host does nothing");
  }
  return config;
}

std::optional<Config> load_config(const std::filesystem::path& file, Faults& faults) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  // One byte more than allowed tells that there is more, without reading a huge file.
  text.resize(kLargestYaml + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    faults.error(FaultCode::Unreadable, {}, fmt::format("the file cannot be read: {}", std::strerror(errno)));
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  ExpansionContext context;
  context.environment = process_environment;
  std::error_code error;
  context.directory = std::filesystem::absolute(file, error).parent_path();
  return parse_config(file, text, context, faults);
}

}  // namespace certspan
