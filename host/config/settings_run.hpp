#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "host/config/check_types.hpp"
#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/type_catalog.hpp"

namespace certspan {

/// What a connector's settings are read against.
struct SettingsContext {
  const Config& config;
  /// The roles of the connector of this name; null when it is not defined, or its type is not known.
  std::function<const RoleSet*(std::string_view connector)> roles_of;
  Faults& faults;
};

/// One value on its way from YAML to JSON: where it stands and what is said about it.
struct SettingSpot {
  const YamlNode& node;
  const SchemaView& schema;
  std::string pointer;  ///< into the settings
  std::string field;    ///< the same for people: "ra.key"
  Mark place;           ///< of its key, or of itself in a list
};

/// The listeners and paths that stand in one mapping of the settings; a path goes with the nearest listeners
/// around it.
struct SettingScope {
  std::vector<std::string> listeners;
  std::vector<std::string> paths;
};

/// What the parts of one reading of one connector's settings share: what it is read against and what it
/// becomes.
class SettingsRun {
 public:
  SettingsRun(const SettingsContext& context, PreparedConnector& into) : context_(context), into_(into) {}

  const Config& config() const { return context_.config; }
  const SettingsContext& context() const { return context_; }
  PreparedConnector& into() { return into_; }
  Faults& faults() { return context_.faults; }

  /// From now on `field` and what is below it are called profiles in messages.
  void profiles_are(std::string field) { profiles_field_ = std::move(field); }
  /// `"ra.key" of connector "scep"`.
  std::string label(std::string_view field) const;
  std::string label(const SettingSpot& spot) const { return label(spot.field); }

  void error(FaultCode code, const SettingSpot& spot, Mark mark, std::string message, std::string hint = {});
  /// The value is at fault, which has been reported elsewhere.
  void give_up(const SettingSpot& spot) { into_.faulted.insert(spot.pointer); }

 private:
  const SettingsContext& context_;
  PreparedConnector& into_;
  std::string profiles_field_;
};

}  // namespace certspan
