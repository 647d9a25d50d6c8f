#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/configured_keys.hpp"

namespace certspan {

struct KeyRotation {
  std::uint64_t items = 0;  ///< open items and dead letters, which are what is sealed
  bool resumed = false;     ///< an earlier one had not ended
  std::string key;          ///< the new one, for people to tell keys apart; says nothing about it
};

/// Gives the journal in `directory`, which no host holds, another master key, the configured one if there is
/// one, else a fresh one, and takes the old one out of
/// the world: everything sealed is sealed anew, the file is written anew, so that it holds nothing that the
/// old key opens, and the old key is overwritten.
///
/// Ended at any moment, it leaves a journal that opens, with one of the two keys and as a whole; the next
/// call goes on. Needs as much room as the journal takes. Errors: journal.missing, journal.locked (a host
/// runs), journal.key (a key can't be read or made), journal.corrupt (something does not open: then nothing
/// was changed), journal.full, and those of open_journal.
Result<KeyRotation> rotate_key(const std::filesystem::path& directory, const ConfiguredKeys& keys);

/// Whether a journal in `directory` that is sealed with the key of this mark can be opened with what the
/// configuration names and what lies there.
bool may_open(const std::filesystem::path& directory, const ConfiguredKeys& keys, const std::string& mark);

/// Whether a rotation has to be begun or ended: the journal of `directory`, sealed with the key of this mark,
/// is not the configured key's alone.
bool must_rotate(const std::filesystem::path& directory, const ConfiguredKeys& keys, const std::string& mark);

}  // namespace certspan
