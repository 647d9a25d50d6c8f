#pragma once

#include <filesystem>
#include <optional>

#include "host/backup/manifest.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

struct RestoreOrder {
  std::filesystem::path in;
  std::optional<Secret> passphrase;  ///< none: a plain backup
  std::filesystem::path to;          ///< a new or empty directory
  bool nothing_lost = false;         ///< as in Restore
};

struct Restored {
  backup::Manifest manifest;
  Journal::Inspection journal;
  WallMs at = 0;
};

/// Puts a backup back: each file below `to` at the place that it came from, for its owner alone. Everything
/// is made and checked (digests, the whole journal, its audit chain) in a directory beside `to` first, and
/// the journal marked as restored; on an error, or a crash, there is no `to`. Errors: restore.not_empty,
/// restore.unwritable, restore.unsound; those of reading a backup and of opening a journal.
Result<Restored> restore_backup(const RestoreOrder& order);

}  // namespace certspan
