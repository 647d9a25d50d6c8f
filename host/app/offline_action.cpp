#include "host/app/offline_action.hpp"

#include "host/app/configured_trust.hpp"
#include "host/app/scratch_directory.hpp"
#include "host/loading/connector.hpp"

namespace certspan {
namespace {

std::string faults_of(const CallReport& report, const std::string& action) {
  std::string text = action + " failed";
  for (const SettingsFault& fault : report.faults) {
    text += ": " + (fault.pointer.empty() ? "" : fault.pointer.substr(1) + ": ") + fault.message;
  }
  return text;
}

/// The arguments as JSON, which is UTF-8; what a person typed or a file holds need not be.
Result<std::string> as_json(const nlohmann::json& arguments) {
  using Json = nlohmann::json;
  for (const auto& [name, value] : arguments.items()) {
    if (value.dump(-1, ' ', true, Json::error_handler_t::replace).find("\\ufffd") != std::string::npos)
      return fail(Outcome::Invalid, "action.no_text", name + " is no text: write it in UTF-8");
  }
  return arguments.dump();
}

}  // namespace

Result<nlohmann::json> run_offline(const std::vector<std::filesystem::path>& dirs, const std::string& plugin,
                                   const std::string& type, const std::string& action,
                                   const nlohmann::json& arguments) {
  CERTSPAN_TRY(const std::string text, as_json(arguments));
  const ScratchDirectory scratch;
  PluginSearch search;
  search.dirs = dirs;
  search.trust = trust_in_own_plugins();
  search.private_dir = scratch.path() / "plugins";
  CERTSPAN_TRY(const auto loaded, load_plugin(plugin, search));
  const certspan_connector_type* found = loaded->find_type(type);
  if (found == nullptr) {
    return fail(Outcome::Unsupported, "plugin.no_type",
                "plugin \"" + plugin + "\" has no type \"" + type + "\"");
  }
  const ActionResult result = run_offline_action(*found, action, text);
  if (!result.report.ok())
    return fail(result.report.outcome, "action.failed", faults_of(result.report, action));
  auto json = nlohmann::json::parse(result.json, nullptr, false);
  if (json.is_discarded()) return fail(Outcome::Internal, "action.bad_result", action + " printed no JSON");
  return json;
}

}  // namespace certspan
