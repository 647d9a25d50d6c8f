// Two releases in one process, and many one after the other.
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/base/text_file.hpp"
#include "host/loading/elf_note.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/memory.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

namespace fs = std::filesystem;

constexpr int kSwapRounds = 8;
constexpr int kThoroughSwapRounds = 200;
constexpr int kWarmUp = 3;
/// What a swap may cost in the host; files that are mapped do not count.
constexpr std::size_t kMostPerRound = 512UL * 1024;

/// A directory that is removed at the end of the check; of one that crashes, what is left is a copy in /tmp.
class Copies {
 public:
  Copies() {
    std::string pattern = (fs::temp_directory_path() / "certspan-plugin-check.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw CheckSkipped("no directory for copies could be made in " + fs::temp_directory_path().string());
    directory_ = pattern;
  }
  ~Copies() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  /// The loader takes a file at another path for another library.
  fs::path make(const fs::path& file) {
    const fs::path folder = directory_ / std::to_string(++number_);
    fs::create_directory(folder);
    fs::copy_file(file, folder / file.filename());
    return folder / file.filename();
  }

 private:
  fs::path directory_;
  int number_ = 0;
};

/// Everything that the descriptor names lies in the library that was just loaded.
void require_own_image(const certspan_connector_type& type, const fs::path& file) {
  const std::pair<const char*, const void*> parts[] = {
      {"its descriptor", &type},
      {"create", reinterpret_cast<const void*>(type.create)},
      {"interface_table", reinterpret_cast<const void*>(type.interface_table)},
      {"its settings schema", type.settings_schema}};
  for (const auto& [name, address] : parts) {
    Dl_info info{};
    const bool own = ::dladdr(address, &info) != 0 && info.dli_fname != nullptr && file == info.dli_fname;
    require(own, std::string(name) + " of one copy lies in another library (" +
                     (info.dli_fname == nullptr ? "none" : info.dli_fname) + ")");
  }
}

/// The new one is started beside the old one, the old one is retired, the new one goes on: a hot swap.
void swap_over(Run& run, const fs::path& old_file, const fs::path& new_file) {
  Scene before(run, old_file);
  require_own_image(before.type, old_file);
  before.connector.begin();
  exercise(before.connector, before.sample, before.random);
  Scene after(run, new_file);
  require_own_image(after.type, new_file);
  require(&before.type != &after.type, "both copies have one descriptor");
  after.connector.begin();
  exercise(after.connector, after.sample, after.random);
  exercise(before.connector, before.sample, before.random);
  before.connector.end();
  exercise(after.connector, after.sample, after.random);
  after.connector.end();
}

}  // namespace

void check_together(Run& run) {
  Copies copies;
  swap_over(run, copies.make(run.subject.path), copies.make(run.subject.path));
}

void check_previous(Run& run) {
  if (!run.subject.previous) throw CheckSkipped("no release before this one was given (--previous)");
  const auto size = fs::file_size(*run.subject.previous);
  const auto bytes = read_text_file(*run.subject.previous, size + 1);
  if (!bytes) throw CheckFailed(bytes.error().message);
  const auto old_note = read_plugin_note(as_bytes(*bytes));
  if (!old_note)
    throw CheckSkipped("the release before can't be loaded by this SDK: " + old_note.error().message);
  const auto note = read_plugin_note(run.subject.bytes);
  if (!note) throw CheckFailed(note.error().message);
  require(old_note->id == note->id,
          "the release before is the plugin \"" + old_note->id + "\", not \"" + note->id + "\"");
  Copies copies;
  swap_over(run, copies.make(*run.subject.previous), copies.make(run.subject.path));
}

void check_rounds(Run& run) {
  const int rounds = run.subject.thorough ? kThoroughSwapRounds : kSwapRounds;
  Copies copies;
  MemoryUse before;
  for (int i = 0; i < kWarmUp + rounds; ++i) {
    if (i == kWarmUp) before = MemoryUse::now();
    Scene scene(run, copies.make(run.subject.path));
    scene.connector.begin();
    exercise(scene.connector, scene.sample, scene.random);
    scene.connector.end();
  }
  const MemoryUse after = MemoryUse::now();
  const std::size_t grown = after.resident > before.resident
                                ? (after.resident - before.resident) / static_cast<std::size_t>(rounds)
                                : 0;
  require(grown <= kMostPerRound, "each round of load, use and retire leaves " +
                                      std::to_string(grown / 1024) + " KiB in memory, more than " +
                                      std::to_string(kMostPerRound / 1024));
}

}  // namespace certspan::check
