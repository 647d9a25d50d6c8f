#include "sdk/tools/plugin_check/loaded_plugin.hpp"

#include <cstring>

#include "host/loading/plugin_library.hpp"
#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {

const certspan_plugin& load_plugin(const std::filesystem::path& path) {
  enter_phase("loading");
  const auto library = PluginLibrary::open(path);
  if (!library) throw CheckFailed(library.error().message);
  enter_phase("entry");
  const certspan_plugin* plugin = library->describe();
  if (plugin == nullptr) throw CheckFailed("its entry returned null");
  enter_phase("");
  return *plugin;
}

const certspan_connector_type& load_type(const std::filesystem::path& path, const std::string& name) {
  for (const certspan_connector_type* type : readable_types(load_plugin(path))) {
    if (name == type->name) return *type;
  }
  throw CheckSkipped("the plugin has no connector type \"" + name + "\"");
}

std::vector<const certspan_connector_type*> readable_types(const certspan_plugin& plugin) {
  constexpr std::uint32_t kMostTypes = 64;
  std::vector<const certspan_connector_type*> types;
  if (plugin.struct_size < sizeof(certspan_plugin) || plugin.types == nullptr) return types;
  for (std::uint32_t i = 0; i < plugin.type_count && i < kMostTypes; ++i) {
    const certspan_connector_type* type = plugin.types[i];
    const bool readable = type != nullptr && type->struct_size >= sizeof(certspan_connector_type) &&
                          type->name != nullptr && type->interface_table != nullptr;
    if (readable) types.push_back(type);
  }
  return types;
}

}  // namespace certspan::check
