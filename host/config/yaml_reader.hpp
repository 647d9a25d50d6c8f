#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "host/config/fault.hpp"
#include "host/config/yaml_node.hpp"

namespace certspan {

/// Limits of a configuration file. The size counts text after aliases are expanded, plus kNodeWeight for each
/// node, so that a short file cannot stand for a huge one.
inline constexpr std::size_t kLargestYaml = 1024UL * 1024;
inline constexpr std::size_t kDeepestYaml = 64;
inline constexpr std::size_t kYamlNodeWeight = 8;
inline constexpr std::size_t kLongestYamlKey = 1024;

/// Reads one YAML document: the YAML 1.2 core schema without tags, merge keys, octal and sexagesimal numbers;
/// keys are scalars and stand once. Faults that leave the tree usable (a duplicate key: the first one stays)
/// are reported and reading goes on; nullopt means that there is no tree. Returns in time linear in the size
/// whatever the bytes are; never throws.
std::optional<YamlNode> read_yaml(std::string_view text, Faults& faults);

}  // namespace certspan
