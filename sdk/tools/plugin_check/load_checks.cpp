// Loading, and what the descriptor says.
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include <nlohmann/json.hpp>

#include "host/loading/descriptor.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/plugin_library.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/environment_state.hpp"
#include "sdk/tools/plugin_check/loaded_plugin.hpp"
#include "sdk/tools/plugin_check/schema_rules.hpp"

namespace certspan::check {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLongestDescription{100};

/// How long this thread has waited for a processor, which is no fault of the plugin's.
std::chrono::nanoseconds waited_for_processor() {
  std::ifstream statistics("/proc/thread-self/schedstat");
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  statistics >> ran >> waited;
  return std::chrono::nanoseconds(waited);
}

/// Ids that nobody offers: foreign ones, and known ones cut short, with something behind or in other case.
std::vector<std::string> unknown_ids() {
  std::vector<std::string> ids = {
      "", "/", "certspan.none/1", "certspan.role.", "com.example.none/1", std::string(5000, 'x')};
  for (const KnownInterface& known : known_interfaces()) {
    const std::string id = known.id;
    ids.insert(ids.end(), {id + "0", id + " ", id + "/1", id + "\n", " " + id, id.substr(0, id.size() - 1),
                           id.substr(0, id.size() - 2), "C" + id.substr(1)});
  }
  return ids;
}

/// The first id in `ids` that a type answers to; empty: none.
std::string answered_id(const certspan_connector_type& type, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    if (type.interface_table(id.c_str()) != nullptr) return "\"" + id.substr(0, 100) + "\"";
  }
  return {};
}

nlohmann::json facts_of_types(const certspan_plugin& plugin) {
  auto facts = nlohmann::json::array();
  for (const certspan_connector_type* type : readable_types(plugin)) {
    std::vector<std::string> roles;
    for (const KnownInterface& known : known_interfaces()) {
      if (type->interface_table(known.id) != nullptr) roles.emplace_back(known.word);
    }
    facts.push_back({{"name", type->name}, {"roles", roles}});
  }
  return facts;
}

}  // namespace

void check_opens(Run& run) {
  for (const certspan_connector_type* type : readable_types(load_plugin(run.subject.path))) {
    enter_phase("interface_table");
    type->interface_table(CERTSPAN_ROLE_ISSUER);
  }
}

void check_load_environment(Run& run) {
  const auto before = EnvironmentState::now();
  const certspan_plugin& plugin = load_plugin(run.subject.path);
  for (const certspan_connector_type* type : readable_types(plugin)) type->interface_table("certspan.none/1");
  const auto after = EnvironmentState::now();
  for (const Part part :
       {Part::Threads, Part::Descriptors, Part::Signals, Part::Locale, Part::Process, Part::Output}) {
    const std::string what = difference(part, before, after);
    require(what.empty(), "after it was loaded and described, " + what);
  }
}

void check_describe_time(Run& run) {
  const auto start = Clock::now();
  const auto waited_before = waited_for_processor();
  const certspan_plugin& plugin = load_plugin(run.subject.path);
  for (const certspan_connector_type* type : readable_types(plugin)) {
    for (const KnownInterface& known : known_interfaces()) type->interface_table(known.id);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      Clock::now() - start - (waited_for_processor() - waited_before));
  require(took <= kLongestDescription, "loading and describing took " + std::to_string(took.count()) +
                                           " ms, more than " + std::to_string(kLongestDescription.count()));
}

void check_entry(Run& run) {
  const auto library = PluginLibrary::open(run.subject.path);
  if (!library) throw CheckFailed(library.error().message);
  enter_phase("entry");
  const certspan_plugin* first = library->describe();
  auto elsewhere = std::async(std::launch::async, [&] { return library->describe(); });
  require(first != nullptr, "its entry returned null");
  require(library->describe() == first && elsewhere.get() == first,
          "its entry returns another descriptor each time");
}

void check_interface_ids(Run& run) {
  const auto ids = unknown_ids();
  for (const certspan_connector_type* type : readable_types(load_plugin(run.subject.path))) {
    enter_phase("interface_table");
    const std::string id = answered_id(*type, ids);
    require(id.empty(), "connector type \"" + std::string(type->name) + "\" answers to the interface id " +
                            id + ", which does not exist");
  }
}

void check_schema(Run& run) {
  std::string all;
  for (const certspan_connector_type* type : readable_types(load_plugin(run.subject.path))) {
    const std::string name = type->name;
    require(type->settings_schema != nullptr, "connector type \"" + name + "\" has no settings schema");
    for (const std::string& fault : schema_faults(type->settings_schema)) {
      all.append(all.empty() ? "" : "; ").append(name).append(": ").append(fault);
    }
  }
  require(all.empty(), all);
}

void check_descriptor(Run& run) {
  const auto note = read_plugin_note(run.subject.bytes);
  if (!note) throw CheckSkipped("the note can't be compared: " + note.error().message);
  const certspan_plugin& plugin = load_plugin(run.subject.path);
  for (const certspan_connector_type* type : readable_types(plugin)) {
    enter_phase("interface_table");
    if (!answered_id(*type, unknown_ids()).empty()) throw CheckSkipped("see load.interface_ids");
    const bool schema = type->settings_schema != nullptr &&
                        nlohmann::json::parse(type->settings_schema, nullptr, false).is_object();
    if (!schema) throw CheckSkipped("see load.schema");
  }
  if (const auto fault = descriptor_fault(&plugin, *note)) throw CheckFailed(fault->message);
  run.data = facts_of_types(plugin).dump();
}

}  // namespace certspan::check
