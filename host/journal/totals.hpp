#pragma once

#include <array>
#include <cstdint>

#include "host/base/clock.hpp"
#include "host/journal/audit.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// How many items stand in each state, by ItemState's value.
using StateCounts = std::array<std::int64_t, 7>;

/// What is kept about a journal as a whole, so that nobody has to count a million rows.
struct Totals {
  WallMs newest = 0;          ///< when the newest record was written
  std::uint64_t last_id = 0;  ///< no id or revision above it was ever given out by a committed change
  Bytes key_check;            ///< of the sealing key that belongs to the journal; empty in a fresh one
  StateCounts counts{};       ///< Failed is counted under Done
  AuditHead audit;
  bool sealed = false;  ///< something is sealed with that key
};

/// Fills a hash from a column; false if it holds none.
bool read_hash(const sql::Statement& row, int column, AuditHash& hash);

sql::Tried<Totals> read_totals(sql::Database& database);

Journal::Counts counts_of(const StateCounts& counts);

}  // namespace certspan
