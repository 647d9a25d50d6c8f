#pragma once

#include <vector>

#include "host/journal/journal.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

// A journal's word on the backups that it was put back from. Writers are called inside a transaction.

/// Oldest first.
sql::Tried<std::vector<Restore>> read_restores(sql::Database& database);
sql::Tried<void> insert_restore(sql::Database& database, const Restore& restore);
/// Those that no host has started from are started from now.
sql::Tried<void> start_restores(sql::Database& database, WallMs now);

}  // namespace certspan
