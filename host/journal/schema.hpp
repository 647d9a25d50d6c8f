#pragma once

#include <string>

#include "host/base/result.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// The schema that this program writes.
inline constexpr std::int64_t kSchemaVersion = 2;

/// Settings of every connection that writes: write-ahead log, full sync. Leaves a file alone that is no
/// journal or one of a newer program. Errors: as bring_up_schema, and journal.unwritable.
Result<void> set_up_writing(sql::Database& database, const std::string& path);

/// Brings a new or older journal to kSchemaVersion, each step in a transaction of its own. Errors:
/// journal.newer_schema; journal.corrupt for a file that is a database but no journal.
Result<void> bring_up_schema(sql::Database& database, const std::string& path);

/// For a reader that may change nothing: the version must be right already.
Result<void> expect_schema(sql::Database& database, const std::string& path);

/// Looks for damage: everything in a small file, else the open items only, since a start must not take
/// minutes. Errors: journal.corrupt.
Result<void> check_integrity(sql::Database& database, const std::string& path);

}  // namespace certspan
