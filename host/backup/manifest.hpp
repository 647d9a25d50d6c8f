#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/journal/audit.hpp"

namespace certspan::backup {

/// Where the manifest stands in the archive: first.
inline constexpr const char* kManifestName = "manifest.json";

/// What a file of a backup is to the host.
enum class Part : std::uint8_t {
  Journal,     ///< the snapshot of journal.db, with the connectors' stores, the embedded CA's ledger too
  JournalKey,  ///< what sealed parts of it are opened with
  AuditKey,    ///< signs the audit chain's head
  Config,
  File,  ///< that the configuration names: a certificate or a key
};

/// The part's name in an archive; "" for a File, whose names begin with kFilesPrefix and end in a number.
std::string_view name_of(Part part);
inline constexpr std::string_view kFilesPrefix = "files/";

struct BackupFile {
  Part part = Part::File;
  std::string name;             ///< in the archive: "data/journal.db", "files/3"
  std::filesystem::path place;  ///< that it came from and belongs to: absolute, without "." and ".."
  std::uint64_t size = 0;
  AuditHash sha256{};

  bool operator==(const BackupFile&) const = default;
};

/// What a backup says of itself.
struct Manifest {
  std::string version;                ///< of the certspan that made it
  std::int64_t schema = 0;            ///< of its journal
  WallMs made_at = 0;                 ///< before the journal's snapshot was taken
  AuditHead audit;                    ///< in that snapshot
  std::vector<BackupFile> files;      ///< as they follow in the archive
  std::vector<std::string> provided;  ///< what the host needs and no backup holds: "environment variable X"

  /// Requires: there is one; a manifest that was read has one of each but of AuditKey and File.
  const BackupFile& file(Part part) const;

  bool operator==(const Manifest&) const = default;
};

inline constexpr std::size_t kLargestManifest = std::size_t{1} << 20;
inline constexpr std::size_t kMostFiles = 1000;

/// JSON. Errors: backup.bad_path, if a path is no UTF-8 or holds what can't be printed.
Result<std::string> to_text(const Manifest& manifest);

/// Reads what may be made to do harm. What it returns names files by sane relative names and sane absolute
/// places, each once. Errors: backup.damaged; backup.newer, if a later certspan wrote it.
Result<Manifest> read_manifest(std::string_view text);

}  // namespace certspan::backup
