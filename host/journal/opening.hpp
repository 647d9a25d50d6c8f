#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/directory_lock.hpp"
#include "host/journal/journal_keys.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// A journal's directory, locked and checked.
struct OpenedDirectory {
  DirectoryLock lock;
  std::string path;  ///< of the database file
  Sealer sealer;
  Totals totals;
  sql::OpenMode read_mode = sql::OpenMode::ReadOnly;
  std::optional<sql::Database> writing;      ///< null if it was opened for reading only
  std::optional<sql::Database> checkpoints;  ///< the same
};

/// Errors: journal.missing, if there is none in the directory.
Result<void> expect_journal(const std::filesystem::path& directory);

/// For the host: makes what is missing. Errors: as open_journal.
Result<OpenedDirectory> open_for_writing(const std::filesystem::path& directory, const ConfiguredKeys& keys);
/// For a command while no host runs: changes nothing on disk, not even after a crash of the host. Without
/// `keys` no key is looked for, and items come without their secrets. Errors: as open_journal;
/// journal.missing, journal.older_schema.
Result<OpenedDirectory> open_for_reading(const std::filesystem::path& directory, const ConfiguredKeys* keys);

}  // namespace certspan
