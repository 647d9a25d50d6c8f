#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "host/config/settings_run.hpp"

namespace certspan {

/// Whether `mark` ("x-certspan-listener") is set anywhere in a schema.
bool schema_has_mark(const nlohmann::json& schema, std::string_view mark);

/// The schema of the settings as the plugin gets them: durations and sizes are integers, secrets tokens.
nlohmann::json schema_for_plugin(const nlohmann::json& schema);

/// Holds converted settings against their schema and reports what only a full validator sees. Values that
/// already have a fault are left out, and what is around them.
void validate_settings(const nlohmann::json& schema, const nlohmann::json& document, SettingsRun& run);

}  // namespace certspan
