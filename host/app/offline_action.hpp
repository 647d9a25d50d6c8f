#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"

namespace certspan {

/// Runs an action of a connector type without a connector, as `init` and `ca` do: loads the plugin from
/// `dirs` (with the same checks as a host) and forwards the arguments.
Result<nlohmann::json> run_offline(const std::vector<std::filesystem::path>& dirs, const std::string& plugin,
                                   const std::string& type, const std::string& action,
                                   const nlohmann::json& arguments);

}  // namespace certspan
