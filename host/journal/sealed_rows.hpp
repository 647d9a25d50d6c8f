#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/base/result.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// Seals everything that is sealed in a journal with `to` instead of `from` and makes the journal `to`'s: in
/// one transaction, so that at every moment all of it opens with one key. `path`: the database file. Returns
/// how many items. Errors: journal.corrupt for the first that does not open, and those of writing; then
/// nothing was changed.
Result<std::uint64_t> seal_anew(sql::Database& database, const std::string& path, const Sealer& from,
                                const Sealer& to);

/// Opens everything that is sealed. Returns how many items. Errors: as above.
Result<std::uint64_t> open_all_sealed(sql::Database& database, const std::string& path, const Sealer& sealer);

}  // namespace certspan
