#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// One file of a plugin that the host keeps a private copy of.
struct PluginVersion {
  std::string sha256;
  std::string version;
  std::filesystem::path copy;      ///< the private copy
  bool shipped = false;            ///< it was one of the program's own when it was let in
  std::uint32_t state_writes = 1;  ///< version of what it keeps in stores

  bool operator==(const PluginVersion&) const = default;
};

/// What happened to the versions of a plugin, for people.
struct SwapEvent {
  enum class Kind : std::uint8_t {
    Swapped,     ///< `to` serves, on probation
    Committed,   ///< its probation ended well
    RolledBack,  ///< `to` serves again
    Recovered,   ///< the host ended during the probation of `from`, and started with `to`
    Released,    ///< `to` is no longer quarantined
  };
  Kind kind = Kind::Swapped;
  WallMs at = 0;
  std::string from;  ///< versions
  std::string to;
  std::string sha256;  ///< of the version that is tried, kept, left or released
  std::string reason;
};

std::string_view to_string(SwapEvent::Kind kind);

/// A version that has taken over and may yet be taken back.
struct SwapTrial {
  PluginVersion before;
  PluginVersion after;
  WallMs began_at = 0;
  bool stopped = false;  ///< the host was stopped in an orderly way meanwhile
};

/// All that is kept of one plugin.
struct PluginRecord {
  /// Not the file of the plugin's directory is loaded but this, as long as that file is still
  /// `directory_sha256`: whoever puts another file there later means that one.
  std::optional<PluginVersion> active;
  std::string directory_sha256;
  std::optional<PluginVersion> previous;  ///< what `rollback` goes back to
  std::optional<SwapTrial> trial;
  std::map<std::string, std::uint32_t> unclean_ends;  ///< of the host in probations, by SHA-256
  std::vector<SwapEvent> history;                     ///< oldest first, the last kHistory
};

/// A file that is not loaded any more.
struct Quarantined {
  std::string plugin;
  std::string version;
  WallMs at = 0;
  std::string reason;
};

/// Which version of each plugin a host loads, durable: what swaps did, what is on trial, what is quarantined.
/// A file in the directory of private copies, written anew with each change; every change is on disk when the
/// call returns. One process writes it: the one that holds the journal. Not thread-safe.
class VersionBook {
 public:
  static constexpr std::size_t kHistory = 50;
  /// Ends of the host in probations of a version after which it is quarantined: one may be a power cut.
  static constexpr std::uint32_t kUncleanEnds = 2;

  /// Reads the book in `directory`; an empty one if there is none, or if it is another user's: what that user
  /// decided is not for this process to load. Error "plugin.version_book": what stands
  /// there can't be read or is damaged.
  static Result<VersionBook> open(const std::filesystem::path& directory);

  const std::map<std::string, PluginRecord, std::less<>>& plugins() const { return plugins_; }
  const std::map<std::string, Quarantined, std::less<>>& quarantine() const { return quarantine_; }
  /// Null when nothing is known of it.
  const PluginRecord* find(std::string_view plugin) const;
  /// What is to be loaded instead of the file with SHA-256 `in_directory` (empty: there is none); null: that
  /// file. During a trial it is the version before, as for a host that starts.
  const PluginVersion* instead_of(std::string_view plugin, std::string_view in_directory) const;

  // Changes. What has no trial any more stays as it is. Errors: "plugin.version_book", the book can't be
  // written; nothing has changed then.

  /// Before `after` is started: from now on a host that ends without another word starts with `before`.
  Result<void> begin_trial(const std::string& plugin, SwapTrial trial, const std::string& directory_sha256);
  /// Adds to the history.
  Result<void> remember(const std::string& plugin, SwapEvent event);
  /// The trial's new version stays.
  Result<void> commit(const std::string& plugin, SwapEvent event);
  /// The trial's old version stays; the new one is quarantined if `quarantine` says so.
  Result<void> take_back(const std::string& plugin, SwapEvent event, bool quarantine);
  /// No trial came about: it was refused before it served.
  Result<void> drop_trial(const std::string& plugin);
  /// The host stops in an orderly way: what is on trial says nothing against it.
  Result<void> note_stop();
  /// Of a host that starts: ends the trials that the one before left. Plugins with what became of them.
  Result<std::vector<std::pair<std::string, SwapEvent>>> recover(WallMs now);
  /// False: it is not quarantined.
  Result<bool> release(const std::string& sha256, WallMs now);

  /// SHA-256 of kept files that were the program's own when they were let in.
  std::vector<std::string> shipped() const;
  /// Private copies that must stay.
  std::vector<std::filesystem::path> copies() const;

 private:
  explicit VersionBook(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> change(const std::string& plugin, PluginRecord record);
  Result<void> write() const;
  std::vector<const PluginVersion*> kept() const;

  std::filesystem::path file_;
  std::map<std::string, PluginRecord, std::less<>> plugins_;
  std::map<std::string, Quarantined, std::less<>> quarantine_;  // by SHA-256
};

/// The words of a book's file and back; error "plugin.version_book" says what is wrong with the text.
std::string write_version_book(const std::map<std::string, PluginRecord, std::less<>>& plugins,
                               const std::map<std::string, Quarantined, std::less<>>& quarantine);
struct VersionBookContent {
  std::map<std::string, PluginRecord, std::less<>> plugins;
  std::map<std::string, Quarantined, std::less<>> quarantine;
};
Result<VersionBookContent> read_version_book(std::string_view text);

}  // namespace certspan
