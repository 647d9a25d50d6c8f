#include "host/loading/plugin.hpp"

#include <algorithm>
#include <utility>

#include "host/loading/descriptor.hpp"
#include "host/loading/elf_note.hpp"
#include "host/loading/interfaces.hpp"
#include "host/loading/plugin_file.hpp"
#include "host/loading/plugin_library.hpp"
#include "host/loading/probe.hpp"

namespace certspan {
namespace {

/// Puts plugin and file before a message, for a reader who sees this one line only.
Error about(std::string_view id, const std::filesystem::path& path, Error error) {
  error.message = "plugin \"" + std::string(id) + "\"" + (path.empty() ? "" : " (" + path.string() + ")") +
                  ": " + error.message;
  return error;
}

Result<void> check_pin(std::string_view id, const PluginFile& file, const PluginSearch& search) {
  const auto pin = search.pins.find(id);
  if (pin == search.pins.end()) return {};
  const bool same =
      pin->second.size() == file.sha256.size() &&
      std::equal(pin->second.begin(), pin->second.end(), file.sha256.begin(),
                 [](char a, char b) { return (a >= 'A' && a <= 'F' ? a + ('a' - 'A') : a) == b; });
  if (same) return {};
  return fail(Outcome::Invalid, "plugin.pin_mismatch",
              "its SHA-256 is " + file.sha256 + ", `plugins: pins:` says " + pin->second +
                  "; if this file is the one you want, change the pin");
}

Result<void> check_id(std::string_view id, const PluginNote& note) {
  if (note.id == id) return {};
  return fail(
      Outcome::Invalid, "plugin.other_id",
      "the file is the plugin \"" + note.id + "\"; name it " + note.id + ".so, or put the right file there");
}

Result<std::shared_ptr<const Plugin>> load_file(std::string_view id, const PluginFile& file,
                                                const PluginSearch& search) {
  CERTSPAN_CHECK(check_pin(id, file, search));
  CERTSPAN_TRY(const PluginNote note, read_plugin_note(file.bytes));
  CERTSPAN_CHECK(check_id(id, note));
  CERTSPAN_TRY(const auto copy, make_private_copy(id, file, search.private_dir));
  CERTSPAN_CHECK(probe_plugin(copy, search.probe_program, search.probe_limit));
  CERTSPAN_TRY(const PluginLibrary library, PluginLibrary::open(copy));
  const certspan_plugin* descriptor = library.describe();
  if (auto fault = descriptor_fault(descriptor, note)) return tl::unexpected(*fault);
  return std::make_shared<const Plugin>(*descriptor, file.path, copy, file.sha256);
}

}  // namespace

Plugin::Plugin(const certspan_plugin& descriptor, std::filesystem::path origin, std::filesystem::path path,
               std::string sha256)
    : descriptor_(descriptor),
      origin_(std::move(origin)),
      path_(std::move(path)),
      sha256_(std::move(sha256)) {}

std::span<const certspan_connector_type* const> Plugin::types() const {
  return {descriptor_.types, descriptor_.type_count};
}

const certspan_connector_type* Plugin::find_type(std::string_view name) const {
  const auto all = types();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto* type) { return type->name == name; });
  return found == all.end() ? nullptr : *found;
}

std::vector<std::string_view> interface_words(const certspan_connector_type& type) {
  std::vector<std::string_view> words;
  for (const KnownInterface& known : known_interfaces()) {
    if (type.interface_table(known.id) != nullptr) words.push_back(known.word);
  }
  return words;
}

Result<std::shared_ptr<const Plugin>> load_plugin(std::string_view id, const PluginSearch& search) {
  auto file = read_plugin_file(id, search.dirs);
  if (!file) return tl::unexpected(about(id, {}, std::move(file).error()));
  auto plugin = load_file(id, *file, search);
  if (!plugin) return tl::unexpected(about(id, file->path, std::move(plugin).error()));
  return plugin;
}

}  // namespace certspan
