#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "host/config/settings_run.hpp"

namespace certspan {

/// A scalar of the settings as the plugin gets it: a duration in milliseconds, a size in bytes, the rest in
/// its JSON type; listeners, routes and connectors are looked up and kept. Null after a fault.
nlohmann::json read_setting_scalar(SettingsRun& run, const SettingSpot& spot, SettingScope& scope);

/// What is wrong with a path that somebody wants to answer at; empty: nothing.
std::string_view route_fault(std::string_view path);

/// The token for a secret field: "secret:<n>". A literal is a fault, and its line is never printed.
nlohmann::json read_setting_secret(SettingsRun& run, const SettingSpot& spot);

/// Reports a value whose JSON type (`type`: "array") the schema does not allow.
void report_setting_type(SettingsRun& run, const SettingSpot& spot, std::string_view type);

}  // namespace certspan
