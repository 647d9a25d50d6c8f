#include "host/app/action_arguments.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/config/schema_marks.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

std::vector<std::string> profiles_of(const Config& config) {
  std::vector<std::string> names;
  if (config.profiles.kind() != YamlNode::Kind::Mapping) return names;
  for (const YamlEntry& profile : config.profiles.entries()) names.push_back(profile.key);
  return names;
}

std::vector<std::string> connectors_of(const Config& config, const TypeCatalog& catalog, Role role) {
  std::vector<std::string> names;
  for (const ConnectorConfig& connector : config.connectors) {
    const ConnectorType* type = catalog.find(connector.plugin.name, connector.type.name);
    if (type != nullptr && type->roles.has(role)) names.push_back(connector.name.name);
  }
  return names;
}

Result<void> expect_one_of(const std::string& key, const std::string& name, std::string_view kind,
                           const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = names.empty() ? "there is none" : "there are: " + listing(names);
  return fail(Outcome::Invalid, "action.failed",
              key + ": \"" + name + "\" is no " + std::string(kind) + " of this configuration; " + hint);
}

}  // namespace

Result<void> check_names_in(const nlohmann::json& arguments, std::string_view schema, const Config& config,
                            const TypeCatalog& catalog) {
  const auto root = nlohmann::json::parse(schema, nullptr, false);
  if (!root.is_object() || !arguments.is_object()) return {};
  const SchemaView view(root, root);
  for (const auto& [key, value] : arguments.items()) {
    const auto property = view.property(key);
    if (!property || !value.is_string()) continue;
    const auto name = value.get<std::string>();
    if (property->marked(kProfileMark)) {
      CERTSPAN_CHECK(expect_one_of(key, name, "profile", profiles_of(config)));
    }
    const std::string wanted = property->mark_text(kConnectorMark);
    const auto role = role_from_string(wanted);
    if (!role) continue;
    CERTSPAN_CHECK(expect_one_of(key, name, wanted, connectors_of(config, catalog, *role)));
  }
  return {};
}

}  // namespace certspan
