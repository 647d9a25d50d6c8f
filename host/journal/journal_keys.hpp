#pragma once

#include <filesystem>
#include <optional>

#include "host/base/result.hpp"
#include "host/journal/configured_keys.hpp"
#include "host/journal/key_derivation.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// Where a journal's master key stands if it is not configured.
std::filesystem::path key_path(const std::filesystem::path& directory);
/// Where the key stands that a rotation brings in, until it has taken the place of the other.
std::filesystem::path next_key_path(const std::filesystem::path& directory);

/// A rotation of the key was begun in this directory and has not ended; a host works with whichever key its
/// journal is sealed with.
bool is_rotating(const std::filesystem::path& directory);

/// The sealer of the key that belongs to the journal, wherever that stands: a rotation that has not ended, or
/// not begun, stops no host. nullopt: there is no key, and nothing is sealed. A key that belongs to nothing
/// yet is taken as it is, the configured one first. Errors: journal.key.
Result<std::optional<Sealer>> find_sealer(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                                          const Totals& totals);

/// The same, but the key. Errors: journal.key, also if there is none.
Result<SealingKey> find_key(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                            const Totals& totals);

}  // namespace certspan
