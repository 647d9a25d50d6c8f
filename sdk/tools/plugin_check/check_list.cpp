#include <algorithm>

#include "sdk/tools/plugin_check/checks.hpp"

namespace certspan::check {
namespace {

constexpr std::string_view kUseAddPlugin = "build it with certspan_add_plugin(), which sees to this";

constexpr Check kChecks[] = {
    {Stage::Static, "static.elf", "", "", "is a whole shared library for this machine",
     "copy the file again, and compare its size and machine with where it was built", check_elf},
    {Stage::Static, "static.note", "", "static.elf", "carries the note of this SDK's contract", kUseAddPlugin,
     check_note},
    {Stage::Static, "static.identity", "", "static.note",
     "has an id, a version and roles, and is named after its id",
     "correct ID, VERSION and ROLES in certspan_add_plugin(), and name the file <id>.so", check_identity},
    {Stage::Static, "static.exports", "", "static.elf", "exports the entry and nothing else",
     "define the entry (CERTSPAN_PLUGIN in C++) and link with the version script of certspan_add_plugin()",
     check_exports},
    {Stage::Static, "static.unique", "", "static.elf", "has no symbol that all versions would share",
     "compile with -fno-gnu-unique, and static libraries of the plugin as well", check_unique_symbols},
    {Stage::Static, "static.nodelete", "", "static.elf", "stays mapped for good (-z nodelete)",
     "link with -Wl,-z,nodelete: exit handlers of threads and of libraries outlive any unloading",
     check_nodelete},
    {Stage::Static, "static.binding", "", "static.elf", "binds at load, and its relocations are read-only",
     "link with -Wl,-z,now -Wl,-z,relro", check_binding},
    {Stage::Static, "static.text", "", "static.elf", "has code that is not rewritten at load",
     "compile everything in it with -fPIC, static libraries as well", check_text_relocations},
    {Stage::Static, "static.stack", "", "static.elf", "needs no executable stack",
     "link with -Wl,-z,noexecstack; assembler sources need a .note.GNU-stack section",
     check_executable_stack},
    {Stage::Static, "static.search_path", "", "static.elf", "looks for libraries nowhere but beside itself",
     "link without -rpath (CMake: SKIP_BUILD_RPATH), or with $ORIGIN", check_search_path},
    {Stage::Static, "static.libraries", "", "static.elf", "needs system libraries only",
     "link private libraries statically; in a worker process they work, but two versions never share one "
     "process",
     check_libraries},
    {Stage::Static, "static.system", "", "static.elf", "runs on Debian 12",
     "build it on Debian 12, or in a container of it", check_system_version},

    {Stage::Load, "load.opens", "", "static.note static.exports", "can be loaded and asked what it is",
     "link what is missing, and let constructors of static objects do nothing that can fail", check_opens},
    {Stage::Load, "load.time", "", "load.opens", "is loaded and described in 100 ms",
     "do nothing in constructors of static objects and in the entry; work begins in create and start",
     check_describe_time},
    {Stage::Load, "load.environment", "", "load.opens", "changes nothing in the process while it is loaded",
     "do nothing in constructors of static objects and in the entry", check_load_environment},
    {Stage::Load, "load.entry", "", "load.opens", "has one descriptor",
     "return the address of a static struct", check_entry},
    {Stage::Load, "load.interface_ids", "", "load.opens",
     "answers null to interface ids that it does not know", "compare ids in full, by strcmp",
     check_interface_ids},
    {Stage::Load, "load.schema", "", "load.opens",
     "has settings schemas by the rules of <certspan/abi/plugin.h>",
     "every object says \"additionalProperties\": false, every field has a \"description\"; check the "
     "spelling of keywords",
     check_schema},
    {Stage::Load, "load.descriptor", "", "load.opens", "says of itself what its note says, and is complete",
     "correct ID, VERSION, ROLES and TYPES in certspan_add_plugin(), and fill every required function",
     check_descriptor},
};

}  // namespace

std::span<const Check> all_checks() {
  return kChecks;
}

const Check* find_check(std::string_view id) {
  const auto* found = std::find_if(std::begin(kChecks), std::end(kChecks),
                                   [&](const Check& check) { return check.id == id; });
  return found == std::end(kChecks) ? nullptr : found;
}

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::Passed:
      return "passed";
    case Standing::Failed:
      return "failed";
    case Standing::Skipped:
      return "skipped";
  }
  return "";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::Static:
      return "static";
    case Stage::Load:
      return "load";
    case Stage::Hosts:
      return "hosts";
    case Stage::Behaviour:
      return "behaviour";
    case Stage::Swap:
      return "swap";
    case Stage::Fault:
      return "fault";
  }
  return "";
}

bool TypeFacts::has(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    if (blank > 0) words.push_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

}  // namespace certspan::check
