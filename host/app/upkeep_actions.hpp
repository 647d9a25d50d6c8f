#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/loading/connector.hpp"

namespace certspan {

/// When somebody has to be asked again; nullopt: nobody.
using AskAgain = std::optional<std::chrono::milliseconds>;

/// After something could not be done.
inline constexpr std::chrono::milliseconds kAfterAFault{60'000};

AskAgain sooner(AskAgain a, AskAgain b);
/// What `answer` has under "due_in_ms", within bounds: a plugin that is always due is not to keep the host
/// busy.
AskAgain due_in(const nlohmann::json& answer);

bool offers_action(const Connector& connector, std::string_view action);
/// The JSON object that an action of `connector` printed. What went wrong has the error code `code`.
Result<nlohmann::json> have_run(Connector& connector, const char* action, const nlohmann::json& arguments,
                                const char* code);

}  // namespace certspan
