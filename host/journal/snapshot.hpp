#pragma once

#include <filesystem>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/audit.hpp"
#include "host/journal/configured_keys.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// The name under which a backup finds a journal's snapshot in its directory. It is nobody's for longer than
/// the backup takes; a host that starts removes one that was left.
inline constexpr const char* kSnapshotName = "journal.snapshot";

/// Writes what is committed in the journal at `path` into the new file `to` (0600), without free pages, while
/// others write. Replaces a snapshot that was left there. Errors: those of sql::to_error; journal.full, if
/// the disk would be left without 64 MB for the host's work; journal.unwritable.
Result<void> write_snapshot(const std::string& path, sql::OpenMode mode, const std::filesystem::path& to);

/// Removes it, if it is there, and what SQLite may have left with it.
void remove_snapshot(const std::filesystem::path& snapshot);

struct SnapshotFacts {
  std::int64_t schema = 0;
  AuditHead audit;
  SealingKey key;  ///< that its secrets are sealed with
};
/// Looks at a snapshot of the journal in `directory` and finds the key that belongs to it. Errors:
/// journal.key, journal.newer_schema, journal.older_schema, journal.corrupt.
Result<SnapshotFacts> look_at_snapshot(const std::filesystem::path& snapshot,
                                       const std::filesystem::path& directory, const ConfiguredKeys& keys);

}  // namespace certspan
