#include "host/app/plugin_catalog.hpp"

#include <algorithm>
#include <utility>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>

#include "host/app/configured_trust.hpp"
#include "host/config/check_types.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

RoleSet roles_of(const certspan_connector_type& type) {
  RoleSet roles;
  const auto* source = interface_of<certspan_role_source>(type);
  if (source != nullptr && (source->flags & CERTSPAN_SOURCE_BRINGS_NO_WORK) == 0) roles.add(Role::Source);
  if (type.interface_table(CERTSPAN_ROLE_VALIDATOR) != nullptr) roles.add(Role::Validator);
  if (type.interface_table(CERTSPAN_ROLE_PROCESSOR) != nullptr) roles.add(Role::Processor);
  if (type.interface_table(CERTSPAN_ROLE_ISSUER) != nullptr) roles.add(Role::Issuer);
  if (type.interface_table(CERTSPAN_ROLE_REVOKER) != nullptr) roles.add(Role::Revoker);
  if (type.interface_table(CERTSPAN_ROLE_DELIVERER) != nullptr) roles.add(Role::Deliverer);
  return roles;
}

/// Those of the connectors, and the fence.
std::set<std::string> named_plugins(const Config& config) {
  std::set<std::string> ids = {std::string(kFencePlugin)};
  for (const ConnectorConfig& connector : config.connectors) ids.insert(connector.plugin.name);
  return ids;
}

/// Whether a connector of the plugin runs so. What is nobody's, and the fence, is in the host.
bool has_connector(const Config& config, const std::string& plugin, Isolation isolation) {
  const auto is_one = [&](const ConnectorConfig& connector) {
    return connector.plugin.name == plugin && connector.isolation == isolation;
  };
  return std::ranges::any_of(config.connectors, is_one);
}

}  // namespace

std::filesystem::path plugin_copies(const Config& config) {
  return config.host.data_dir / "plugins";
}

PluginSearch search_of(const Config& config, const std::filesystem::path& private_dir,
                       const VersionBook* versions, Faults& faults) {
  PluginSearch search;
  search.dirs = config.plugins.dirs;
  search.private_dir = private_dir;
  search.versions = versions;
  search.trust = read_trust(config, faults);
  if (versions == nullptr) return search;
  for (const auto& [sha256, entry] : versions->quarantine()) {
    search.trust.quarantined.emplace(sha256, entry.reason);
  }
  for (const std::string& sha256 : versions->shipped()) search.trust.kept.insert(sha256);
  return search;
}

Result<std::unique_ptr<PluginCatalog>> PluginCatalog::load(const Config& config,
                                                           const std::filesystem::path& private_dir,
                                                           Faults& faults) {
  return load(config, private_dir, named_plugins(config), faults);
}

Result<std::unique_ptr<PluginCatalog>> PluginCatalog::load_all(const Config& config,
                                                               const std::filesystem::path& private_dir,
                                                               Faults& faults) {
  std::set<std::string> ids = named_plugins(config);
  for (const auto& dir : config.plugins.dirs) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
      if (entry.path().extension() == ".so") ids.insert(entry.path().stem().string());
    }
  }
  return load(config, private_dir, ids, faults);
}

Result<std::unique_ptr<PluginCatalog>> PluginCatalog::load(const Config& config,
                                                           const std::filesystem::path& private_dir,
                                                           const std::set<std::string>& ids, Faults& faults) {
  auto catalog = std::make_unique<PluginCatalog>();
  CERTSPAN_TRY(const VersionBook versions, VersionBook::open(plugin_copies(config)));
  PluginSearch search = search_of(config, private_dir, &versions, faults);
  for (const std::string& id : ids) {
    const bool outside = has_connector(config, id, Isolation::Process);
    search.in_workers = true;
    if (outside) CERTSPAN_CHECK(catalog->load_one(id, search, catalog->workers_));
    search.in_workers = false;
    if (!outside || id == kFencePlugin || has_connector(config, id, Isolation::InProcess)) {
      CERTSPAN_CHECK(catalog->load_one(id, search, catalog->plugins_));
    }
    if (!outside && !has_connector(config, id, Isolation::InProcess)) {
      CERTSPAN_CHECK(catalog->load_outside_after_all(id, search));
    }
    const auto found = catalog->workers_.find(id);
    if (found != catalog->workers_.end()) catalog->plugins_.emplace(id, found->second);
  }
  for (const auto& [id, plugin] : catalog->plugins_) catalog->add_types(*plugin);
  return catalog;
}

Result<void> PluginCatalog::load_one(const std::string& id, const PluginSearch& search, Plugins& plugins) {
  auto loaded = load_plugin(id, search);
  if (loaded) {
    plugins.emplace(id, std::move(*loaded));
  } else if (loaded.error().code == "plugin.no_room" || loaded.error().code == "plugin.private_dir") {
    return tl::unexpected(loaded.error());
  } else {
    refusals_.emplace(id, std::move(loaded).error());
  }
  return {};
}

Result<void> PluginCatalog::load_outside_after_all(const std::string& id, PluginSearch& search) {
  const auto refusal = refusals_.find(id);
  if (refusal == refusals_.end() || refusal->second.code != "plugin.needs_worker") return {};
  refusals_.erase(refusal);
  search.in_workers = true;
  return load_one(id, search, workers_);
}

PluginPair PluginCatalog::pair(std::string_view id) const {
  PluginPair pair;
  if (const auto host = plugins_.find(id); host != plugins_.end() && !host->second->in_workers()) {
    pair.in_host = host->second;
  }
  if (const auto worker = workers_.find(id); worker != workers_.end()) pair.in_workers = worker->second;
  return pair;
}

std::unique_ptr<PluginCatalog> PluginCatalog::with(const PluginPair& plugin) const {
  auto next = std::make_unique<PluginCatalog>();
  next->plugins_ = plugins_;
  next->workers_ = workers_;
  next->refusals_ = refusals_;
  const std::string id(plugin.any()->id());
  next->plugins_[id] = plugin.in_host ? plugin.in_host : plugin.in_workers;
  if (plugin.in_workers) next->workers_[id] = plugin.in_workers;
  for (const auto& [each, loaded] : next->plugins_) next->add_types(*loaded);
  return next;
}

void PluginCatalog::sweep_copies(const std::filesystem::path& private_dir,
                                 std::vector<std::filesystem::path> used) const {
  for (const auto& [id, plugin] : plugins_) used.push_back(plugin->path());
  for (const auto& [id, plugin] : workers_) used.push_back(plugin->path());
  sweep_private_copies(private_dir, used);
}

void PluginCatalog::add_types(const Plugin& plugin) {
  for (const certspan_connector_type* type : plugin.types()) {
    types_.push_back({std::string(plugin.id()), type->name, type->summary, type->settings_schema,
                      roles_of(*type), type->flags, plugin.traits().needs_network});
  }
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

std::shared_ptr<const Plugin> PluginCatalog::plugin(std::string_view id, Isolation isolation) const {
  if (isolation == Isolation::InProcess) return plugin(id);
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : found->second;
}

std::shared_ptr<const Plugin> PluginCatalog::plugin(std::string_view id) const {
  const auto found = plugins_.find(id);
  return found == plugins_.end() ? nullptr : found->second;
}

}  // namespace certspan
