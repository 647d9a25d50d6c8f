#pragma once

#include <filesystem>

#include "host/backup/byte_stream.hpp"
#include "host/backup/manifest.hpp"

namespace certspan::backup {

/// Where a file of a backup is read from when that is not its place, as the journal's snapshot.
struct PackedFile {
  BackupFile file;
  std::filesystem::path from;
};

/// Fills size and digest of `file`. Errors: backup.unreadable.
Result<void> measure(PackedFile& file);

/// Writes the archive: `manifest`, whose files are the measured `files`, and then these. Errors: those of
/// reading and writing; backup.changed, if a file is not as it was measured.
Result<void> pack(const Manifest& manifest, const std::vector<PackedFile>& files, ByteSink& out);

/// Takes an archive apart, all of it, and holds it against its manifest. Where `into` is not empty, each file
/// is made (0600) below that directory, which is there, under its name in the archive, and synced; else
/// nothing is written. Errors: those of reading and writing; backup.damaged, backup.newer, backup.foreign.
Result<Manifest> unpack(ByteSource& in, const std::filesystem::path& into);

}  // namespace certspan::backup
