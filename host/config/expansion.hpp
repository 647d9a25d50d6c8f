#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/config/fault.hpp"
#include "host/config/yaml_node.hpp"

namespace certspan {

/// What references are expanded with; given in so that tests need no process environment.
struct ExpansionContext {
  /// The value of an environment variable, or nothing when it is not set.
  std::function<std::optional<std::string>(std::string_view)> environment;
  /// What relative `${file:}` paths start from: the directory of the configuration file.
  std::filesystem::path directory;
};

/// This process's environment.
std::optional<std::string> process_environment(std::string_view name);

/// The tree with every reference in its scalars expanded, after parsing, so that no value can change the
/// structure: `${env:NAME}` and `${env:NAME:-default}` anywhere in a scalar, `$$` for one dollar; a whole
/// scalar `${file:/path}` or `${credential:NAME}` becomes a node of kind Secret. Keys are left alone.
YamlNode expand_references(const YamlNode& root, const ExpansionContext& context, Faults& faults);

}  // namespace certspan
