#include "host/config/settings_run.hpp"

#include <fmt/format.h>

#include "host/config/json_schema.hpp"

namespace certspan {

std::string SettingsRun::label(std::string_view field) const {
  // Profiles go to several connectors and stand in the file once: their faults are the same for all.
  if (!profiles_field_.empty() && field == profiles_field_) return "\"profiles\"";
  if (!profiles_field_.empty() && field.starts_with(profiles_field_ + '.')) {
    field.remove_prefix(profiles_field_.size() + 1);
    const std::size_t dot = field.find('.');
    if (dot == std::string_view::npos) return fmt::format("profile \"{}\"", field);
    return fmt::format("\"{}\" of profile \"{}\"", field.substr(dot + 1), field.substr(0, dot));
  }
  if (field.empty()) return fmt::format("settings of connector \"{}\"", into_.name);
  return fmt::format("\"{}\" of connector \"{}\"", field, into_.name);
}

void SettingsRun::error(FaultCode code, const SettingSpot& spot, Mark mark, std::string message,
                        std::string hint) {
  into_.faulted.insert(spot.pointer);
  context_.faults.error(code, mark, std::move(message), std::move(hint));
}

}  // namespace certspan
