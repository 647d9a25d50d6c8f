#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/abi/plugin.h>

#include "host/base/result.hpp"
#include "host/loading/swap/version_book.hpp"
#include "host/loading/trust/plugin_trust.hpp"
#include "host/loading/worker/description.hpp"
#include "host/loading/worker/worker_type.hpp"

namespace certspan {

/// Where plugins are looked for and how they are let in.
struct PluginSearch {
  /// Asked in order; the first that holds `<id>.so` decides, a bad file there is no reason to look further.
  std::vector<std::filesystem::path> dirs;
  /// Private copies are made here, `<sha12>/<id>.so`; made 0700 if missing. Below `data_dir`, and not on a
  /// file system mounted noexec.
  std::filesystem::path private_dir;
  /// Which versions swaps put in the place of those in `dirs`; null: none. Borrowed.
  const VersionBook* versions = nullptr;
  /// What lets a plugin in beside its permissions.
  PluginTrust trust;
  /// How long the probe child may take.
  std::chrono::milliseconds probe_limit{10000};
  /// The plugins whose code is not to run in this process: all that the host then has of them is what the
  /// probe child told, and their connectors run in workers.
  bool in_workers = false;
  /// The program that answers `--probe-plugin` by probe_main (probe.hpp): this very program.
  std::filesystem::path probe_program = "/proc/self/exe";
};

/// What a plugin's note says beside what the descriptor repeats.
struct PluginTraits {
  bool needs_network = false;      ///< it opens sockets of its own
  std::uint32_t state_reads = 1;   ///< the oldest version of stored state that it reads
  std::uint32_t state_writes = 1;  ///< the version that it writes
};

/// A plugin that stood all tests. It is mapped into this process, for good: nothing is ever unloaded, so
/// tables and strings of the plugin live as long as the process. Or it is only described, and its types'
/// functions start workers. Immutable, thread-safe.
class Plugin {
 public:
  /// A mapped one; `descriptor` has passed descriptor_fault (descriptor.hpp).
  Plugin(const certspan_plugin& descriptor, std::filesystem::path origin, std::filesystem::path path,
         std::string sha256, TrustGround trust = {}, const PluginTraits& traits = {});
  /// A described one.
  Plugin(worker::PluginDescription description, std::filesystem::path origin, std::filesystem::path path,
         std::string sha256, TrustGround trust = {}, const PluginTraits& traits = {});

  std::string_view id() const { return description_.id; }
  std::string_view version() const { return description_.version; }
  /// Of the file, 64 lower-case hexadecimal digits.
  const std::string& sha256() const { return sha256_; }
  /// The admin's file, as it was found.
  const std::filesystem::path& origin() const { return origin_; }
  /// The private copy that is mapped.
  const std::filesystem::path& path() const { return path_; }
  /// Why it was let in.
  const TrustGround& trust() const { return trust_; }
  const PluginTraits& traits() const { return traits_; }

  std::span<const certspan_connector_type* const> types() const { return types_; }
  /// Null when the plugin has no such type.
  const certspan_connector_type* find_type(std::string_view name) const;
  /// The same for one connector: of a described plugin a type whose worker gets these grants, which lives as
  /// long as what is returned. Null as above, or when there are too many types.
  std::shared_ptr<const certspan_connector_type> type_for(std::string_view name,
                                                          worker::WorkerGrants grants) const;
  /// Its connectors run in workers.
  bool in_workers() const { return !workers_.empty(); }

 private:
  const worker::PluginDescription description_;
  std::vector<std::unique_ptr<worker::WorkerType>> workers_;
  std::vector<const certspan_connector_type*> types_;
  std::filesystem::path origin_;
  std::filesystem::path path_;
  std::string sha256_;
  TrustGround trust_;
  PluginTraits traits_;
};

/// Words of what a connector type offers, for people: {"source", "actions"}.
std::vector<std::string_view> interface_words(const certspan_connector_type& type);

/// Finds, copies, checks, probes and loads the plugin `id`: file and permissions -> private copy, which all
/// the rest looks at -> hash -> list of revoked files -> pin, own directory or signature -> ELF note -> probe
/// in a child process -> load. Nothing of an untrusted file is parsed, and no code of the plugin runs in this
/// process before it has run in the child. Shared, because every connector of the plugin and the plugin list
/// hold it.
///
/// Blocks for as long as the probe takes. May be called from any thread, several at a time.
///
/// Errors; each message names the plugin, its file, the reason and what to do:
///   plugin.bad_id, plugin.missing, plugin.kept_copy (what a swap put in force is gone), plugin.quarantined,
///   plugin.unsafe_permissions, plugin.unreadable, plugin.too_large,
///   plugin.revoked, plugin.pin_mismatch, plugin.unsigned, plugin.bad_signature, plugin.unknown_signer,
///   plugin.wrong_signature, plugin.signer_not_allowed, plugin.not_elf, plugin.truncated,
///   plugin.wrong_machine, plugin.damaged, plugin.not_ours, plugin.other_id, plugin.other_build,
///   plugin.no_symbol, plugin.extra_symbols, plugin.needs_worker (with `in_workers` off), plugin.no_room,
///   plugin.private_dir, plugin.probe_failed, plugin.missing_library, plugin.undefined_symbol,
///   plugin.load_failed, plugin.crashed, plugin.hung, plugin.threw, plugin.bad_descriptor
Result<std::shared_ptr<const Plugin>> load_plugin(std::string_view id, const PluginSearch& search);

/// The same of the file at `path`, whatever its name, for a swap with `beside`, which runs: both are loaded
/// into one child first, where they are to run in one process.
Result<std::shared_ptr<const Plugin>> load_plugin_at(const std::filesystem::path& path, std::string_view id,
                                                     const Plugin* beside, const PluginSearch& search);

}  // namespace certspan
