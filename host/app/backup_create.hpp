#pragma once

#include <filesystem>
#include <optional>

#include "host/backup/manifest.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"

namespace certspan {

struct BackupOrder {
  std::filesystem::path config;
  std::filesystem::path out;
  std::optional<Secret> passphrase;  ///< none: plain
};

/// Makes a backup: asks the running host for a snapshot of its journal, or takes it when no host runs, and
/// puts it into one file with all that the host needs and that stands in files. Errors: those of
/// backup_contents and write_backup_file; backup.busy (another one is being made), backup.unreadable,
/// backup.changed; those of reading a journal, and of the control socket.
Result<backup::Manifest> create_backup(const BackupOrder& order);

}  // namespace certspan
