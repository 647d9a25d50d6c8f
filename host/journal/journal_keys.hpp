#pragma once

#include <filesystem>
#include <optional>

#include "host/base/result.hpp"
#include "host/journal/key_derivation.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// Where a journal's master key stands.
std::filesystem::path key_path(const std::filesystem::path& directory);
/// Where the key stands that a rotation brings in, until it has taken the place of the other.
std::filesystem::path next_key_path(const std::filesystem::path& directory);

/// A rotation of the key was begun in this directory and has not ended; a host works with whichever key its
/// journal is sealed with.
bool is_rotating(const std::filesystem::path& directory);

/// The sealer of the key that belongs to the journal, which is the next one from the moment on in which a
/// rotation sealed everything with it. nullopt: there is no key, and nothing is sealed. A key that belongs to
/// nothing yet is taken as it is. Errors: journal.key.
Result<std::optional<Sealer>> find_sealer(const std::filesystem::path& directory, const Totals& totals);

}  // namespace certspan
