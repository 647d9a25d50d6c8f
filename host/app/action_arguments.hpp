#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/config/type_catalog.hpp"

namespace certspan {

/// Checks the names that an action is given against the configuration: what the action's schema marks as a
/// profile or as a connector of some role must be one, which the plugin can't know. What isn't text or isn't
/// in the schema is left to the plugin. Error: action.failed, which says what was probably meant.
Result<void> check_names_in(const nlohmann::json& arguments, std::string_view schema, const Config& config,
                            const TypeCatalog& catalog);

}  // namespace certspan
