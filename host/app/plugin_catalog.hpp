#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.hpp"
#include "host/config/type_catalog.hpp"
#include "host/loading/plugin.hpp"

namespace certspan {

/// The plugins that a configuration names, loaded, and why others were refused. Immutable once built; a new
/// configuration builds a new one (a plugin file that has not changed is the same mapped image).
class PluginCatalog final : public TypeCatalog {
 public:
  /// Loads the plugins of `config`'s connectors and the fence. Blocks for the probes.
  static std::unique_ptr<PluginCatalog> load(const Config& config);

  std::vector<const ConnectorType*> types() const override;
  std::string why_refused(std::string_view plugin) const override;

  /// Null when it was refused or no connector names it.
  std::shared_ptr<const Plugin> plugin(std::string_view id) const;
  const std::map<std::string, std::shared_ptr<const Plugin>, std::less<>>& plugins() const {
    return plugins_;
  }
  const std::map<std::string, Error, std::less<>>& refusals() const { return refusals_; }

  /// Removes private copies of versions that this configuration uses no more. Requires: this process holds
  /// the journal.
  void sweep_copies(const Config& config) const;

 private:
  void add(std::shared_ptr<const Plugin> plugin);

  std::map<std::string, std::shared_ptr<const Plugin>, std::less<>> plugins_;
  std::map<std::string, Error, std::less<>> refusals_;
  std::deque<ConnectorType> types_;
};

/// Where the plugins of `config` are looked for, and where their private copies go.
PluginSearch plugin_search(const Config& config);

}  // namespace certspan
