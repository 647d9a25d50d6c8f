#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"

namespace certspan {

/// Asks the host that listens at `socket` one command and waits for its answer. Errors: control.no_host,
/// control.no_answer, and whatever the host says.
Result<nlohmann::json> call_host(const std::filesystem::path& socket, std::string_view command,
                                 const nlohmann::json& arguments,
                                 std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace certspan
