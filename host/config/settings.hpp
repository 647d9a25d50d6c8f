#pragma once

#include <nlohmann/json_fwd.hpp>

#include "host/config/settings_run.hpp"

namespace certspan {

/// Reads the settings of one connector against its type's schema: fills `into`'s settings, secrets, grants,
/// uses and places, and reports everything that is wrong. `place` is where faults go that have no place of
/// their own.
void read_settings(const YamlNode& settings, Mark place, const nlohmann::json& schema,
                   const SettingsContext& context, PreparedConnector& into);

}  // namespace certspan
