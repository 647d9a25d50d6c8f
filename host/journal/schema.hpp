#pragma once

#include <array>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// The schema that this program writes.
inline constexpr std::int64_t kSchemaVersion = 5;
/// Everything that a journal is made of.
inline constexpr std::array<std::string_view, 7> kTables = {
    "hot", "done", "store", "totals", "audit_gaps", "audit_erasures", "restores"};
/// Bytes; up to this a file is written anew in less than a second.
inline constexpr std::int64_t kSmallFile = std::int64_t{64} * 1024 * 1024;
/// SQLite's number for a file that gives free pages back when it is asked to.
inline constexpr std::int64_t kIncrementalVacuum = 2;

/// Settings of every connection that writes: write-ahead log, full sync. Leaves a file alone that is no
/// journal or one of a newer program. Errors: as bring_up_schema, and journal.unwritable.
Result<void> set_up_writing(sql::Database& database, const std::string& path);

/// Brings a new or older journal to kSchemaVersion, each step in a transaction of its own. Errors:
/// journal.newer_schema; journal.corrupt for a file that is a database but no journal.
Result<void> bring_up_schema(sql::Database& database, const std::string& path);

/// Writes a small file anew if an older program made it without the means to give free pages back. A larger
/// one stays as it is, since a start must not take minutes. Errors: those of sql::to_error.
Result<void> make_small_file_shrinkable(sql::Database& database, const std::string& path);
/// Writes the whole file anew, with those means.
sql::Tried<void> rewrite(sql::Database& database);

/// For a reader that may change nothing: the version must be right already.
Result<void> expect_schema(sql::Database& database, const std::string& path);

/// Looks for damage: everything in a small file, else the open items only, since a start must not take
/// minutes. Errors: journal.corrupt.
Result<void> check_integrity(sql::Database& database, const std::string& path);

}  // namespace certspan
