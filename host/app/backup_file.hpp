#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "host/backup/byte_stream.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"

namespace certspan {

/// Reads the file that a passphrase stands in. Errors: backup.passphrase_file (open to others, too short),
/// and those of read_secret.
Result<Secret> read_passphrase(const std::filesystem::path& file);

/// Makes the file `path` (0600) with what `fill` writes: under another name beside it first, synced, then
/// renamed; on an error, or a crash, there is no `path`. Encrypted, unless there is no passphrase. Errors:
/// backup.exists, if there is such a file; backup.unwritable; those of `fill`.
Result<void> write_backup_file(const std::filesystem::path& path, const std::optional<Secret>& passphrase,
                               const std::function<Result<void>(backup::ByteSink&)>& fill);

/// Hands the content of a backup, which is encrypted unless there is no passphrase, to `use`. Errors: those
/// of reading and of `use`; backup.plain and backup.encrypted, if it is the other way.
Result<void> read_backup_file(const std::filesystem::path& path, const std::optional<Secret>& passphrase,
                              const std::function<Result<void>(backup::ByteSource&)>& use);

}  // namespace certspan
