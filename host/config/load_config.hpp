#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "host/config/config.hpp"
#include "host/config/expansion.hpp"
#include "host/config/fault.hpp"

namespace certspan {

/// Reads and checks a configuration file as far as that goes without its plugins: syntax, keys, types, units,
/// references, and that every item finds a pipeline. Every fault goes to `faults`, at its place.
///
/// Gives a Config whenever there is a tree at all, so that check_against_types can add its faults to the same
/// run; use it to start a host only if `faults.has_errors()` is false. nullopt: the file cannot be read, or
/// is not YAML.
std::optional<Config> load_config(const std::filesystem::path& file, Faults& faults);

/// The same from text that has been read already. `file` gives names in faults and the directory that
/// relative paths start from.
std::optional<Config> parse_config(const std::filesystem::path& file, std::string_view text,
                                   const ExpansionContext& context, Faults& faults);

}  // namespace certspan
