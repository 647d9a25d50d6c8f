#pragma once

#include <filesystem>

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/yaml_node.hpp"

namespace certspan {

/// Readers of the top-level sections: keys, types and units; references are checked when all are read.
void read_host(const YamlNode& node, const std::filesystem::path& base, HostSection& host, Faults& faults);
void read_plugins(const YamlNode& node, const std::filesystem::path& base, PluginsSection& plugins,
                  Faults& faults);
void read_connectors(const YamlNode& node, std::vector<ConnectorConfig>& connectors, Faults& faults);
void read_pipelines(const YamlNode& node, std::vector<PipelineConfig>& pipelines, Faults& faults);
void read_tests(const YamlNode& node, std::vector<TestConfig>& tests, Faults& faults);

/// Checks that need the whole file but no plugin: every name leads somewhere, every item finds a pipeline.
void check_references(const Config& config, Faults& faults);
void check_pipelines(const Config& config, Faults& faults);
/// That tests script and expect only what the pipelines of their source can ask for.
void check_tests(const Config& config, Faults& faults);

}  // namespace certspan
