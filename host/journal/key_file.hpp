#pragma once

#include <filesystem>
#include <optional>

#include "host/base/result.hpp"
#include "host/journal/sealing.hpp"

namespace certspan {

/// Reads the journal's master key; nullopt if there is no such file. Errors: journal.key, if it can't be
/// read, has the wrong size or is open to others than its owner.
Result<std::optional<SealingKey>> read_key_file(const std::filesystem::path& path);

/// Makes a key file (0600, its directory entry synced) with a fresh random key. Made by root it belongs to
/// whom the directory belongs to. Errors: journal.key.
Result<SealingKey> make_key_file(const std::filesystem::path& path);

/// Puts `next` in the place of the key file `path`, whose octets are overwritten before; it may be missing.
/// Ended in the middle, `next` is whole and `path` may hold no key any more. Errors: journal.key.
Result<void> replace_key_file(const std::filesystem::path& path, const std::filesystem::path& next);

/// Overwrites the octets of the key file `path` and removes it, if it is there. Errors: journal.key.
Result<void> remove_key_file(const std::filesystem::path& path);

}  // namespace certspan
