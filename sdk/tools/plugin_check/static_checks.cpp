// What the file says before any of its code runs.
#include <algorithm>
#include <array>
#include <charconv>
#include <regex>

#include <certspan/abi/plugin.h>

#include "host/loading/elf_image.hpp"
#include "host/loading/elf_note.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/elf_facts.hpp"

namespace certspan::check {
namespace {

/// Libraries that a plugin may need: the C and C++ run-time, and what every host has loaded itself. Anything
/// else is loaded once for all versions of the plugin: the second one gets the first one's. Of p11-kit that
/// is the purpose: it counts who in the process has initialised a PKCS #11 module.
constexpr std::array<std::string_view, 15> kAllowedLibraries = {
    "libc.so.6",      "libm.so.6",      "libpthread.so.0", "libdl.so.2",           "librt.so.1",
    "libresolv.so.2", "libstdc++.so.6", "libgcc_s.so.1",   "libcrypto.so.3",       "libssl.so.3",
    "libz.so.1",      "libatomic.so.1", "libp11-kit.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};

/// The newest interfaces of Debian 12's libraries.
struct Baseline {
  std::string_view prefix;
  std::array<int, 3> newest;
};
constexpr std::array<Baseline, 5> kBaselines = {{{"GLIBC_", {2, 36, 0}},
                                                 {"GLIBCXX_", {3, 4, 30}},
                                                 {"CXXABI_", {1, 3, 13}},
                                                 {"GCC_", {12, 0, 0}},
                                                 {"OPENSSL_", {3, 0, 0}}}};

ElfFacts facts_of(const Run& run) {
  auto facts = read_elf_facts(run.subject.bytes);
  require(facts.has_value(), "its dynamic section can't be read");
  return *facts;
}

std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > kMost) text += " and " + std::to_string(words.size() - kMost) + " more";
  return text;
}

/// "2.34" as numbers; nothing if it is no version.
std::optional<std::array<int, 3>> numbers_of(std::string_view text) {
  std::array<int, 3> numbers{};
  for (int& number : numbers) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return numbers;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(numbers) : std::nullopt;
}

bool is_too_new(std::string_view version) {
  for (const Baseline& baseline : kBaselines) {
    if (!version.starts_with(baseline.prefix)) continue;
    const auto numbers = numbers_of(version.substr(baseline.prefix.size()));
    return numbers && *numbers > baseline.newest;
  }
  return false;
}

}  // namespace

void check_elf(Run& run) {
  const auto image = ElfImage::parse(run.subject.bytes);
  if (!image) throw CheckFailed(image.error().message);
  facts_of(run);
}

void check_note(Run& run) {
  const auto note = read_plugin_note(run.subject.bytes);
  // The symbols are looked at by themselves.
  const bool of_symbols =
      !note && (note.error().code == "plugin.no_symbol" || note.error().code == "plugin.extra_symbols");
  if (!note && !of_symbols) throw CheckFailed(note.error().message);
}

void check_identity(Run& run) {
  const auto note = read_plugin_note(run.subject.bytes);
  if (!note) throw CheckSkipped("the note is only given for a file with the right symbols (static.exports)");
  const auto named = check_plugin_id(run.subject.path.stem().string(), *note);
  if (!named) throw CheckFailed(named.error().message);
  static const std::regex kId("[a-z][a-z0-9_-]*([.][a-z0-9_-]+)*");
  require(std::regex_match(note->id, kId),
          "the id \"" + note->id + "\" is no reversed domain such as com.acme.ca");
  static const std::regex kVersion("(0|[1-9][0-9]*)([.](0|[1-9][0-9]*)){2}([-+][0-9A-Za-z.+-]+)?");
  require(std::regex_match(note->version, kVersion), "\"" + note->version + "\" is no semantic version");
  require(!note->roles.empty() && !note->types.empty(), "the note names no role or no connector type");
  for (const std::string& role : note->roles) {
    const std::array<std::string_view, 6> known = {"source", "validator", "processor",
                                                   "issuer", "deliverer", "revoker"};
    require(std::find(known.begin(), known.end(), role) != known.end(), "there is no role \"" + role + "\"");
  }
}

void check_exports(Run& run) {
  const auto image = ElfImage::parse(run.subject.bytes);
  if (!image) throw CheckFailed(image.error().message);
  std::vector<std::string> others;
  bool entry = false;
  for (const std::string_view name : image->exported()) {
    if (name == CERTSPAN_ENTRY_SYMBOL) {
      entry = true;
    } else {
      others.emplace_back(name);
    }
  }
  require(entry, "it does not export " CERTSPAN_ENTRY_SYMBOL);
  require(others.empty(), "it exports " + listed(others) + " beside " CERTSPAN_ENTRY_SYMBOL);
}

void check_unique_symbols(Run& run) {
  const auto facts = facts_of(run);
  require(facts.unique_symbols.empty(),
          "it has symbols that all libraries of a process share (STB_GNU_UNIQUE): " +
              listed(facts.unique_symbols));
}

void check_nodelete(Run& run) {
  require(facts_of(run).nodelete, "it could be unloaded (DF_1_NODELETE is not set)");
}

void check_binding(Run& run) {
  const auto facts = facts_of(run);
  require(facts.binds_now, "it binds its symbols lazily (DF_BIND_NOW is not set)");
  require(facts.relro, "its relocations stay writable (it has no PT_GNU_RELRO)");
}

void check_text_relocations(Run& run) {
  require(!facts_of(run).text_relocations, "its code is rewritten at load (DT_TEXTREL)");
}

void check_executable_stack(Run& run) {
  require(facts_of(run).plain_stack,
          "it asks for an executable stack (PT_GNU_STACK), which the loader then gives to every thread");
}

void check_search_path(Run& run) {
  for (const std::string& path : facts_of(run).search_path) {
    const bool beside = path == "$ORIGIN" || path.starts_with("$ORIGIN/") || path == "${ORIGIN}" ||
                        path.starts_with("${ORIGIN}/");
    require(beside, "it looks for libraries in \"" + path + "\", which whoever owns that folder decides");
  }
}

void check_libraries(Run& run) {
  std::vector<std::string> foreign;
  for (const std::string& library : facts_of(run).needed) {
    const bool known =
        std::find(kAllowedLibraries.begin(), kAllowedLibraries.end(), library) != kAllowedLibraries.end();
    if (!known) foreign.push_back(library);
  }
  require(foreign.empty(),
          "it needs " + listed(foreign) +
              ", which the process has once for all versions of the plugin: a newer one would "
              "get the older one's");
}

void check_system_version(Run& run) {
  std::vector<std::string> newer;
  for (const NeededVersion& needed : facts_of(run).needed_versions) {
    if (is_too_new(needed.version)) newer.push_back(needed.version + " of " + needed.library);
  }
  require(newer.empty(), "it needs " + listed(newer) + ", which is newer than Debian 12");
}

}  // namespace certspan::check
