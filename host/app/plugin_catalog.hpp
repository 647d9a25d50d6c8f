#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/type_catalog.hpp"
#include "host/loading/plugin.hpp"

namespace certspan {

/// One version of a plugin, as it is mapped in the host and as workers run it; one of them may be missing.
struct PluginPair {
  std::shared_ptr<const Plugin> in_host;
  std::shared_ptr<const Plugin> in_workers;

  const Plugin* any() const { return in_host ? in_host.get() : in_workers.get(); }
  const std::shared_ptr<const Plugin>& of(Isolation isolation) const {
    return isolation == Isolation::Process ? in_workers : in_host;
  }
};

/// The plugins that a configuration names, loaded, and why others were refused. Immutable once built; a new
/// configuration builds a new one (a plugin file that has not changed is the same mapped image).
class PluginCatalog final : public TypeCatalog {
 public:
  /// Loads the plugins of `config`'s connectors and the fence, from copies in `private_dir`, which is made if
  /// it is missing. Blocks for the probes. Errors: plugin.no_room, plugin.private_dir, plugin.version_book;
  /// what is wrong with one plugin is its refusal. Key files that can't be used are faults.
  static Result<std::unique_ptr<PluginCatalog>> load(const Config& config,
                                                     const std::filesystem::path& private_dir,
                                                     Faults& faults);
  /// The same with every plugin that stands in the configuration's directories.
  static Result<std::unique_ptr<PluginCatalog>> load_all(const Config& config,
                                                         const std::filesystem::path& private_dir,
                                                         Faults& faults);

  std::vector<const ConnectorType*> types() const override;
  std::string why_refused(std::string_view plugin) const override;

  /// Null when it was refused or no connector names it.
  std::shared_ptr<const Plugin> plugin(std::string_view id) const;
  /// The one for connectors that run so. Null as above.
  std::shared_ptr<const Plugin> plugin(std::string_view id, Isolation isolation) const;
  const std::map<std::string, std::shared_ptr<const Plugin>, std::less<>>& plugins() const {
    return plugins_;
  }
  const std::map<std::string, Error, std::less<>>& refusals() const { return refusals_; }

  /// What there is of the plugin.
  PluginPair pair(std::string_view id) const;
  /// The same catalog with another version of one plugin.
  std::unique_ptr<PluginCatalog> with(const PluginPair& plugin) const;

  /// Removes private copies from `private_dir` of versions that this configuration uses no more and
  /// that are not among `used`. Requires: this process holds the journal.
  void sweep_copies(const std::filesystem::path& private_dir, std::vector<std::filesystem::path> used) const;

 private:
  using Plugins = std::map<std::string, std::shared_ptr<const Plugin>, std::less<>>;
  static Result<std::unique_ptr<PluginCatalog>> load(const Config& config,
                                                     const std::filesystem::path& private_dir,
                                                     const std::set<std::string>& ids, Faults& faults);
  /// Into `plugins`, or to the refusals. Errors: as load.
  Result<void> load_one(const std::string& id, const PluginSearch& search, Plugins& plugins);
  /// A plugin that no connector uses yet and that can't be in this process is described like those in
  /// workers.
  Result<void> load_outside_after_all(const std::string& id, PluginSearch& search);
  void add_types(const Plugin& plugin);

  Plugins plugins_;  ///< by id; in the host, if a connector runs there
  Plugins workers_;  ///< by id; those of connectors that run in workers
  std::map<std::string, Error, std::less<>> refusals_;
  std::deque<ConnectorType> types_;
};

/// Where the configuration has plugins looked for, whom it trusts, and what swaps decided, which `versions`
/// holds. Key files that can't be used are faults. `versions` is borrowed.
PluginSearch search_of(const Config& config, const std::filesystem::path& private_dir,
                       const VersionBook* versions, Faults& faults);

/// Where a host keeps its private copies of plugins.
std::filesystem::path plugin_copies(const Config& config);

}  // namespace certspan
