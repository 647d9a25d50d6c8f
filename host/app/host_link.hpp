#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/config/config.hpp"

namespace certspan {

/// What the command line needs of a configuration: enough to find the host and its journal even if the rest
/// of the file is broken at the moment. Faults are printed only when not even that can be read.
Result<Config> config_for_people(const std::filesystem::path& file);

std::filesystem::path control_socket(const Config& config);

/// Asks the running host. Error "control.no_host" when none listens.
Result<nlohmann::json> ask_host(const Config& config, std::string_view command,
                                const nlohmann::json& arguments,
                                std::chrono::milliseconds timeout = std::chrono::seconds(60));

/// work_show and search: from the running host, or from its journal when it is down.
Result<nlohmann::json> ask_work(const Config& config, std::string_view command,
                                const nlohmann::json& arguments);

}  // namespace certspan
