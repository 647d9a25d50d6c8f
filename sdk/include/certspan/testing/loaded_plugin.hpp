// A built plugin, loaded as a host does. For tests of plugins.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <dlfcn.h>

#include <certspan/abi/plugin.h>

namespace certspan::sdk::testing {

/// The library in a file. It stays loaded for good. Throws std::runtime_error with the loader's own words if
/// it can't be loaded or is no plugin.
class LoadedPlugin {
 public:
  explicit LoadedPlugin(const std::string& file) {
    void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    using Entry = const certspan_plugin* (*)() noexcept;
    const auto entry = reinterpret_cast<Entry>(::dlsym(library, CERTSPAN_ENTRY_SYMBOL));
    if (entry == nullptr) throw std::runtime_error(file + " has no " CERTSPAN_ENTRY_SYMBOL);
    plugin_ = entry();
  }

  [[nodiscard]] const certspan_plugin& descriptor() const noexcept { return *plugin_; }

  /// The connector type of that name; throws std::runtime_error if there is none.
  [[nodiscard]] const certspan_connector_type& type(std::string_view name) const {
    for (std::uint32_t i = 0; i < plugin_->type_count; ++i) {
      if (plugin_->types[i]->name == name) return *plugin_->types[i];
    }
    throw std::runtime_error("the plugin has no connector type " + std::string(name));
  }

 private:
  const certspan_plugin* plugin_;
};

}  // namespace certspan::sdk::testing
