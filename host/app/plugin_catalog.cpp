#include "host/app/plugin_catalog.hpp"

#include <set>
#include <utility>

#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>

#include "host/config/check_types.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

RoleSet roles_of(const certspan_connector_type& type) {
  RoleSet roles;
  if (type.interface_table(CERTSPAN_ROLE_SOURCE) != nullptr) roles.add(Role::Source);
  if (type.interface_table(CERTSPAN_ROLE_VALIDATOR) != nullptr) roles.add(Role::Validator);
  if (type.interface_table(CERTSPAN_ROLE_PROCESSOR) != nullptr) roles.add(Role::Processor);
  if (type.interface_table(CERTSPAN_ROLE_ISSUER) != nullptr) roles.add(Role::Issuer);
  return roles;
}

}  // namespace

PluginSearch plugin_search(const Config& config) {
  PluginSearch search;
  search.dirs = config.plugins.dirs;
  search.private_dir = config.host.data_dir / "plugins";
  for (const auto& [id, pin] : config.plugins.pins) search.pins.emplace(id, pin);
  return search;
}

std::unique_ptr<PluginCatalog> PluginCatalog::load(const Config& config) {
  auto catalog = std::make_unique<PluginCatalog>();
  std::set<std::string> ids = {std::string(kFencePlugin)};
  for (const ConnectorConfig& connector : config.connectors) ids.insert(connector.plugin.name);
  const PluginSearch search = plugin_search(config);
  for (const std::string& id : ids) {
    auto loaded = load_plugin(id, search);
    if (loaded) {
      catalog->add(std::move(*loaded));
    } else {
      catalog->refusals_.emplace(id, std::move(loaded).error());
    }
  }
  return catalog;
}

void PluginCatalog::sweep_copies(const Config& config) const {
  std::vector<std::filesystem::path> used;
  for (const auto& [id, plugin] : plugins_) used.push_back(plugin->path());
  sweep_private_copies(plugin_search(config).private_dir, used);
}

void PluginCatalog::add(std::shared_ptr<const Plugin> plugin) {
  for (const certspan_connector_type* type : plugin->types()) {
    types_.push_back({std::string(plugin->id()), type->name, type->summary, type->settings_schema,
                      roles_of(*type), type->flags});
  }
  std::string id(plugin->id());
  plugins_.emplace(std::move(id), std::move(plugin));
}

std::vector<const ConnectorType*> PluginCatalog::types() const {
  std::vector<const ConnectorType*> types;
  for (const ConnectorType& type : types_) types.push_back(&type);
  return types;
}

std::string PluginCatalog::why_refused(std::string_view plugin) const {
  const auto found = refusals_.find(plugin);
  return found == refusals_.end() ? std::string() : found->second.message;
}

std::shared_ptr<const Plugin> PluginCatalog::plugin(std::string_view id) const {
  const auto found = plugins_.find(id);
  return found == plugins_.end() ? nullptr : found->second;
}

}  // namespace certspan
