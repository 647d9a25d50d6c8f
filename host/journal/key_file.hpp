#pragma once

#include <filesystem>
#include <optional>

#include "host/base/result.hpp"
#include "host/journal/sealing.hpp"

namespace certspan {

/// Reads the journal's master key; nullopt if there is no such file. Errors: journal.key, if it can't be
/// read, has the wrong size or is open to others than its owner.
Result<std::optional<SealingKey>> read_key_file(const std::filesystem::path& path);

/// Makes a key file (0600, its directory entry synced) with a fresh random key. Errors: journal.key.
Result<SealingKey> make_key_file(const std::filesystem::path& path);

}  // namespace certspan
