#pragma once

#include <string>

#include "host/base/result.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// Reads everything, in one snapshot: SQLite's own check, then each row: that it can be decoded, stands in
/// the right table and under the right hashes, and that what is sealed opens; then the totals. Takes seconds
/// for each gigabyte, during which the write-ahead log of a running host grows. `path`: the database file,
/// for messages. Errors: those of sql::to_error but journal.corrupt, which is what it looks for.
Result<Journal::Inspection> inspect_journal(sql::Database& database, const std::string& path,
                                            const Sealer& sealer);

}  // namespace certspan
