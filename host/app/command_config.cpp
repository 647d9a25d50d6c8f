// Commands on a configuration alone: check, graph, schema, plugin.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/deployment.hpp"
#include "host/app/scratch_directory.hpp"
#include "host/app/trial.hpp"
#include "host/config/graph.hpp"
#include "host/config/load_config.hpp"
#include "host/config/schema.hpp"

namespace certspan {
namespace {

nlohmann::json plugin_to_json(const Plugin& plugin) {
  nlohmann::json types = nlohmann::json::array();
  for (const certspan_connector_type* type : plugin.types()) {
    nlohmann::json interfaces = nlohmann::json::array();
    for (const std::string_view word : interface_words(*type)) interfaces.push_back(word);
    types.push_back({{"type", type->name},
                     {"summary", type->summary},
                     {"offers", std::move(interfaces)},
                     {"settings", nlohmann::json::parse(type->settings_schema, nullptr, false)}});
  }
  return {{"id", plugin.id()},
          {"version", plugin.version()},
          {"sha256", plugin.sha256()},
          {"file", plugin.origin().string()},
          {"trust", trust_to_json(plugin.trust())},
          {"types", std::move(types)}};
}

/// Every plugin in the directories of the file; what is wrong with the file is printed and ends the command.
std::unique_ptr<PluginCatalog> catalog_of(const CommonOptions& options) {
  Faults faults(options.config.string());
  const auto config = load_config(options.config, faults);
  if (!config) {
    std::cerr << faults.to_text();
    return nullptr;
  }
  const ScratchDirectory scratch;
  auto catalog = PluginCatalog::load_all(*config, scratch.path() / "plugins", faults);
  if (faults.has(FaultCode::TrustFile)) std::cerr << faults.to_text();
  if (!catalog) {
    complain(catalog.error());
    return nullptr;
  }
  return std::move(*catalog);
}

/// The plugins where this program's own ones are.
std::unique_ptr<PluginCatalog> installed_catalog() {
  Config config;
  config.plugins.dirs = default_plugin_dirs();
  const ScratchDirectory scratch;
  Faults faults{std::string()};
  auto catalog = PluginCatalog::load_all(config, scratch.path() / "plugins", faults);
  if (catalog) return std::move(*catalog);
  complain(catalog.error());
  return nullptr;
}

}  // namespace

ExitCode command_check(const CommonOptions& options) {
  Faults faults(options.config.string());
  const ScratchDirectory scratch;  // data_dir is the host's: nothing is left there, least of all by root
  const auto copies = [&](const Config&) -> Result<std::filesystem::path> {
    return scratch.path() / "plugins";
  };
  const auto checked = check_config(options.config, copies, faults);
  if (checked) try_out(*checked, faults);
  const bool good = checked && !faults.has_errors();
  if (options.json) {
    std::cout << faults.to_json() << "\n";
  } else {
    std::cerr << faults.to_text();
    if (good) {
      std::cout << options.config.string() << ": ok, " << checked->config.connectors.size() << " connectors, "
                << checked->config.pipelines.size() << " pipelines\n";
    }
  }
  return good ? ExitCode::Ok : ExitCode::BadConfig;
}

ExitCode command_graph(const CommonOptions& options, bool mermaid) {
  Faults faults(options.config.string());
  const auto config = load_config(options.config, faults);
  if (!config || faults.has_errors()) {
    std::cerr << faults.to_text();
    return ExitCode::BadConfig;
  }
  if (options.json) {
    print_json(graph_json(*config));
    return ExitCode::Ok;
  }
  std::cout << (mermaid ? graph_mermaid(*config) : graph_text(*config));
  return ExitCode::Ok;
}

ExitCode command_schema(const CommonOptions& options) {
  std::error_code error;
  const bool first = !std::filesystem::exists(options.config, error);  // it helps to write the first one
  const auto catalog = first ? installed_catalog() : catalog_of(options);
  if (!catalog) return ExitCode::BadConfig;
  std::cout << config_schema(*catalog) << "\n";
  return ExitCode::Ok;
}

ExitCode command_plugin_list(const CommonOptions& options) {
  const auto catalog = catalog_of(options);
  if (!catalog) return ExitCode::BadConfig;
  if (options.json) {
    nlohmann::json list = {{"plugins", nlohmann::json::array()}, {"refused", nlohmann::json::array()}};
    for (const auto& [id, plugin] : catalog->plugins()) list["plugins"].push_back(plugin_to_json(*plugin));
    for (const auto& [id, error] : catalog->refusals()) {
      list["refused"].push_back({{"id", id}, {"code", error.code}, {"reason", error.message}});
    }
    print_json(list);
    return ExitCode::Ok;
  }
  for (const auto& [id, plugin] : catalog->plugins()) {
    std::cout << id << " " << plugin->version() << " (" << to_string(plugin->trust()) << ")\n";
    for (const certspan_connector_type* type : plugin->types()) {
      std::cout << "  " << type->name << ": " << type->summary << "\n";
    }
  }
  for (const auto& [id, error] : catalog->refusals()) {
    std::cout << id << " refused [" << error.code << "]: " << error.message << "\n";
  }
  return ExitCode::Ok;
}

ExitCode command_plugin_show(const CommonOptions& options, const std::string& id) {
  const auto catalog = catalog_of(options);
  if (!catalog) return ExitCode::BadConfig;
  if (const auto refused = catalog->refusals().find(id); refused != catalog->refusals().end()) {
    return complain(refused->second);
  }
  const auto plugin = catalog->plugin(id);
  if (!plugin) {
    return complain(Error(
        Outcome::Rejected, "plugin.not_found",
        "there is no plugin \"" + id + "\" in `plugins: dirs:` of \"" + options.config.string() + "\""));
  }
  const auto json = plugin_to_json(*plugin);
  if (options.json) {
    print_json(json);
    return ExitCode::Ok;
  }
  std::cout << id << " " << plugin->version() << "\n  file " << plugin->origin().string() << "\n  sha256 "
            << plugin->sha256() << "\n  trust " << to_string(plugin->trust()) << "\n";
  for (const auto& type : json["types"]) {
    std::cout << "\n  " << type["type"].get<std::string>() << ": " << type["summary"].get<std::string>()
              << "\n";
    const auto properties = type["settings"].value("properties", nlohmann::json::object());
    for (const auto& [name, property] : properties.items()) {
      std::cout << "    " << name << ": " << property.value("description", "") << "\n";
    }
  }
  return ExitCode::Ok;
}

ExitCode command_version(bool json) {
  if (json) {
    print_json({{"version", CERTSPAN_VERSION},
                {"abi", std::to_string(CERTSPAN_ABI_MAJOR) + "." + std::to_string(CERTSPAN_ABI_MINOR)},
                {"abi_build", CERTSPAN_ABI_BUILD}});
  } else {
    std::cout << "certspan " << CERTSPAN_VERSION << " (plugin ABI " << CERTSPAN_ABI_MAJOR << "."
              << CERTSPAN_ABI_MINOR << ", build " << CERTSPAN_ABI_BUILD << ")\n";
  }
  return ExitCode::Ok;
}

std::vector<std::filesystem::path> default_plugin_dirs() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto prefix = program.parent_path().parent_path();
  for (const auto& dir : {prefix / "plugins", prefix / "lib" / "certspan" / "plugins"}) {
    if (!program.empty() && std::filesystem::is_directory(dir, ignored)) return {dir};
  }
  return {CERTSPAN_PLUGIN_DIR};
}

ExitCode complain(const Error& error, ExitCode code) {
  std::cerr << "certspan: " << error.message << " [" << error.code << "]\n";
  return code;
}

void print_json(const nlohmann::json& value) {
  std::cout << value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace certspan
