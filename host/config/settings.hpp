#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "host/config/check_types.hpp"
#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/type_catalog.hpp"

namespace certspan {

/// What a connector's settings are read against.
struct SettingsContext {
  const Config& config;
  /// The roles of the connector of this name; null when it is not defined, or its type is not known.
  std::function<const RoleSet*(std::string_view connector)> roles_of;
  Faults& faults;
};

/// Reads the settings of one connector against its type's schema: fills `into`'s settings, secrets, grants,
/// uses and places, and reports everything that is wrong. `place` is where faults go that have no place of
/// their own.
void read_settings(const YamlNode& settings, Mark place, const nlohmann::json& schema,
                   const SettingsContext& context, PreparedConnector& into);

/// Whether `mark` ("x-certspan-listener") is set anywhere in a schema.
bool schema_has_mark(const nlohmann::json& schema, std::string_view mark);

/// The schema of the settings as the plugin gets them: durations and sizes are integers, secrets tokens.
nlohmann::json schema_for_plugin(const nlohmann::json& schema);

}  // namespace certspan
