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

/// Where a plugin that may be looked at stands, and what that says of it.
struct Admitted {
  std::filesystem::path copy;
  std::string sha256;
  TrustGround trust;
  PluginNote note;
};

/// All that can be told without running code of the plugin. From the copy on nothing but the copy counts.
Result<Admitted> admit(std::string_view id, PluginFile& file, const PluginSearch& search) {
  Admitted admitted;
  CERTSPAN_TRY(admitted.copy, make_private_copy(id, file, search.private_dir));
  file.bytes = {};
  CERTSPAN_TRY(const Bytes bytes, read_private_copy(admitted.copy));
  admitted.sha256 = sha256_hex(bytes);
  CERTSPAN_TRY(admitted.trust, judge_plugin(evidence_of(file, id, admitted.sha256), search.trust));
  CERTSPAN_TRY(admitted.note, read_plugin_note(bytes));
  CERTSPAN_CHECK(check_plugin_id(id, admitted.note));
  CERTSPAN_CHECK(check_signer(admitted.trust, admitted.note.id, search.trust));
  return admitted;
}

/// Go's runtime takes signals of the whole process: it unblocks those that the host keeps for itself, on
/// every thread that calls it, so that the next one ends the host. And no version of it ever leaves.
Result<void> check_place(const PluginNote& note, bool in_workers) {
  if (in_workers || !note.go_runtime) return {};
  return fail(
      Outcome::Unsupported, "plugin.needs_worker",
      "it is written in Go, whose runtime takes over signals and can't share the host's process; give "
      "its connectors a worker process: leave out \"isolation: in_process\"");
}

PluginTraits traits_of(const PluginNote& note) {
  return {note.needs_network, note.state_reads, note.state_writes};
}

Result<std::shared_ptr<const Plugin>> load_file(std::string_view id, PluginFile& file, const Plugin* beside,
                                                const PluginSearch& search) {
  CERTSPAN_TRY(const Admitted admitted, admit(id, file, search));
  CERTSPAN_CHECK(check_place(admitted.note, search.in_workers));
  const auto together = beside == nullptr || search.in_workers ? std::filesystem::path() : beside->path();
  CERTSPAN_TRY(auto description,
               probe_plugin(admitted.copy, search.probe_program, search.probe_limit, together));
  if (search.in_workers) {
    return std::make_shared<const Plugin>(std::move(description), file.path, admitted.copy, admitted.sha256,
                                          admitted.trust, traits_of(admitted.note));
  }
  CERTSPAN_TRY(const PluginLibrary library, PluginLibrary::open(admitted.copy));
  const certspan_plugin* descriptor = library.describe();
  if (auto fault = descriptor_fault(descriptor, admitted.note)) return tl::unexpected(*fault);
  return std::make_shared<const Plugin>(*descriptor, file.path, admitted.copy, admitted.sha256,
                                        admitted.trust, traits_of(admitted.note));
}

}  // namespace

Plugin::Plugin(const certspan_plugin& descriptor, std::filesystem::path origin, std::filesystem::path path,
               std::string sha256, TrustGround trust, const PluginTraits& traits)
    : description_(worker::describe(descriptor)),
      types_(descriptor.types, descriptor.types + descriptor.type_count),
      origin_(std::move(origin)),
      path_(std::move(path)),
      sha256_(std::move(sha256)),
      trust_(std::move(trust)),
      traits_(traits) {}

Plugin::Plugin(worker::PluginDescription description, std::filesystem::path origin,
               std::filesystem::path path, std::string sha256, TrustGround trust, const PluginTraits& traits)
    : description_(std::move(description)),
      origin_(std::move(origin)),
      path_(std::move(path)),
      sha256_(std::move(sha256)),
      trust_(std::move(trust)),
      traits_(traits) {
  for (const worker::TypeDescription& type : description_.types) {
    auto made = worker::WorkerType::make(type, path_, {});
    if (!made) break;
    types_.push_back(&made->type());
    workers_.push_back(std::move(made));
  }
}

const certspan_connector_type* Plugin::find_type(std::string_view name) const {
  const auto found = std::ranges::find_if(types_, [&](const auto* type) { return type->name == name; });
  return found == types_.end() ? nullptr : *found;
}

std::shared_ptr<const certspan_connector_type> Plugin::type_for(std::string_view name,
                                                                worker::WorkerGrants grants) const {
  if (!in_workers()) return {std::shared_ptr<const void>(), find_type(name)};
  const auto found = std::ranges::find(description_.types, name, &worker::TypeDescription::name);
  if (found == description_.types.end()) return nullptr;
  std::shared_ptr<const worker::WorkerType> made = worker::WorkerType::make(*found, path_, std::move(grants));
  if (!made) return nullptr;
  return {made, &made->type()};
}

std::vector<std::string_view> interface_words(const certspan_connector_type& type) {
  std::vector<std::string_view> words;
  for (const KnownInterface& known : known_interfaces()) {
    if (type.interface_table(known.id) != nullptr) words.push_back(known.word);
  }
  return words;
}

namespace {

/// The file in the directories, or what a swap put in its place.
Result<PluginFile> chosen_file(std::string_view id, const PluginSearch& search) {
  auto file = read_plugin_file(id, search.dirs);
  if (search.versions == nullptr || (!file && file.error().code != "plugin.missing")) return file;
  const PluginVersion* other = search.versions->instead_of(id, file ? file->sha256 : "");
  if (other == nullptr) return file;
  auto kept = read_plugin_at(other->copy);
  if (kept && kept->sha256 == other->sha256) return kept;
  return fail(Outcome::Unavailable, "plugin.kept_copy",
              "version " + other->version + ", which a swap put in force, is gone or was changed (" +
                  other->copy.string() + "); install the version that you want into `plugins: dirs:`");
}

}  // namespace

Result<std::shared_ptr<const Plugin>> load_plugin(std::string_view id, const PluginSearch& search) {
  auto file = chosen_file(id, search);
  if (!file) return tl::unexpected(about(id, {}, std::move(file).error()));
  auto plugin = load_file(id, *file, nullptr, search);
  if (!plugin) return tl::unexpected(about(id, file->path, std::move(plugin).error()));
  return plugin;
}

Result<std::shared_ptr<const Plugin>> load_plugin_at(const std::filesystem::path& path, std::string_view id,
                                                     const Plugin* beside, const PluginSearch& search) {
  auto file = read_plugin_anywhere(path);
  if (!file) return tl::unexpected(about(id, path, std::move(file).error()));
  auto plugin = load_file(id, *file, beside, search);
  if (!plugin) return tl::unexpected(about(id, file->path, std::move(plugin).error()));
  return plugin;
}

}  // namespace certspan
