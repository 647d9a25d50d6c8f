#include "host/loading/descriptor.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "host/loading/abi_text.hpp"
#include "host/loading/interfaces.hpp"

namespace certspan {
namespace {

constexpr std::uint32_t kMostTypes = 64;
constexpr std::size_t kLongestSchema = 1024UL * 1024;

/// Fault texts here; the sentence around them stands in descriptor_fault.
using Text = std::optional<std::string>;

std::string in_quotes(std::string_view text) {
  return "\"" + clean_text(text, 200) + "\"";
}

Text schema_fault(const char* schema) {
  if (schema == nullptr) return "has no settings schema";
  const std::string_view text(schema);
  if (text.size() > kLongestSchema) return "has a settings schema of more than 1 MiB";
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object()) return "has a settings schema that is no JSON object";
  return std::nullopt;
}

Text function_fault(const certspan_connector_type& type) {
  const std::pair<const char*, bool> required[] = {
      {"validate_config", type.validate_config != nullptr},
      {"create", type.create != nullptr},
      {"start", type.start != nullptr},
      {"stop", type.stop != nullptr},
      {"destroy", type.destroy != nullptr},
      {"interface_table", type.interface_table != nullptr},
  };
  for (const auto& [name, present] : required) {
    if (!present) return "has no function " + in_quotes(name);
  }
  return std::nullopt;
}

/// Ids that nobody offers: foreign, empty, and known ones cut short or with something behind them.
Text unknown_id_fault(const certspan_connector_type& type) {
  std::vector<std::string> ids = {"", "certspan.none/1", "certspan.role."};
  for (const KnownInterface& known : known_interfaces()) {
    const std::string id = known.id;
    ids.insert(ids.end(),
               {id + "0", id + " ", id + "/1", id.substr(0, id.size() - 1), id.substr(0, id.size() - 2)});
  }
  for (const std::string& id : ids) {
    if (type.interface_table(id.c_str()) != nullptr) {
      return "answers to the interface id " + in_quotes(id) + ", which does not exist; compare ids in full";
    }
  }
  return std::nullopt;
}

/// Adds the words of the roles that the type offers to `roles`.
Text interface_fault(const certspan_connector_type& type, std::set<std::string_view>& roles) {
  if (auto fault = unknown_id_fault(type)) return fault;
  bool any_role = false;
  for (const KnownInterface& known : known_interfaces()) {
    const void* table = type.interface_table(known.id);
    if (table == nullptr) continue;
    if (auto fault = known.fault(table)) {
      return "offers " + in_quotes(known.id) + ", but its table " + *fault;
    }
    if (type.interface_table(known.id) != table) {
      return "gives another table for " + in_quotes(known.id) + " each time";
    }
    if (!known.is_role) continue;
    any_role = true;
    roles.insert(known.word);
  }
  if (!any_role) return "has no role";
  return std::nullopt;
}

Text type_fault(const certspan_connector_type& type, const PluginNote& note,
                std::set<std::string_view>& roles) {
  if (std::find(note.types.begin(), note.types.end(), type.name) == note.types.end()) {
    return "is not one of the types in the file's note";
  }
  if (type.summary == nullptr) return "has no summary";
  if (auto fault = schema_fault(type.settings_schema)) return fault;
  if (auto fault = function_fault(type)) return fault;
  return interface_fault(type, roles);
}

Text types_fault(const certspan_plugin& plugin, const PluginNote& note) {
  if (plugin.types == nullptr || plugin.type_count == 0 || plugin.type_count > kMostTypes) {
    return "it offers no connector types, or too many";
  }
  std::set<std::string_view> names;
  std::set<std::string_view> roles;
  for (std::uint32_t i = 0; i < plugin.type_count; ++i) {
    const certspan_connector_type* type = plugin.types[i];
    if (type == nullptr || type->struct_size < sizeof(certspan_connector_type) || type->name == nullptr) {
      return "connector type number " + std::to_string(i) + " is null, too short or nameless";
    }
    if (auto fault = type_fault(*type, note, roles)) {
      return "connector type " + in_quotes(type->name) + " " + *fault;
    }
    if (!names.insert(type->name).second)
      return "connector type " + in_quotes(type->name) + " is there twice";
  }
  if (names.size() != note.types.size()) return "the file's note names a connector type that is not there";
  if (roles != std::set<std::string_view>(note.roles.begin(), note.roles.end())) {
    return "its roles are not those in the file's note; correct ROLES in certspan_add_plugin()";
  }
  return std::nullopt;
}

Text plugin_fault(const certspan_plugin& plugin, const PluginNote& note) {
  if (plugin.id == nullptr || plugin.id != note.id) {
    return "its descriptor says id " + in_quotes(plugin.id == nullptr ? "" : plugin.id) +
           ", the file's note " + in_quotes(note.id);
  }
  if (plugin.version == nullptr || plugin.version != note.version) {
    return "its descriptor says version " + in_quotes(plugin.version == nullptr ? "" : plugin.version) +
           ", the file's note " + in_quotes(note.version);
  }
  return types_fault(plugin, note);
}

Error bad_descriptor(const std::string& why) {
  return {Outcome::Invalid, "plugin.bad_descriptor", why + "; this is for the plugin's vendor to repair"};
}

}  // namespace

std::optional<Error> descriptor_fault(const certspan_plugin* plugin, const PluginNote& note) {
  if (plugin == nullptr) return bad_descriptor("its entry returned null");
  if (plugin->struct_size < sizeof(certspan_plugin)) {
    return bad_descriptor("its descriptor is too short for this host's contract");
  }
  if (plugin->abi_major != CERTSPAN_ABI_MAJOR || plugin->abi_minor != CERTSPAN_ABI_MINOR ||
      plugin->abi_build != CERTSPAN_ABI_BUILD) {
    return other_build(abi_text(plugin->abi_major, plugin->abi_minor, plugin->abi_build));
  }
  if (auto fault = plugin_fault(*plugin, note)) return bad_descriptor(*fault);
  return std::nullopt;
}

}  // namespace certspan
