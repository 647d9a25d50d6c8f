#include "host/journal/totals.hpp"

#include <algorithm>

namespace certspan {
namespace {

constexpr std::size_t at(ItemState state) {
  return static_cast<std::size_t>(state);
}

sql::Tried<AuditHead> read_head(const sql::Statement& row) {
  AuditHead head;
  head.number = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(5), 0));
  head.removed = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(7), 0));
  if (!read_hash(row, 6, head.hash) && head.number != 0) {
    return tl::unexpected(sql::Failure{sql::Trouble::Corrupt, 0, "the head of its audit chain is damaged"});
  }
  return head;
}

}  // namespace

bool read_hash(const sql::Statement& row, int column, AuditHash& hash) {
  const BytesView bytes = row.blob(column);
  if (bytes.size() != hash.size()) return false;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return true;
}

sql::Tried<Totals> read_totals(sql::Database& database) {
  Totals totals;
  CERTSPAN_TRY(sql::Statement row,
               database.prepare("SELECT newest, last_id, finished, dead, key_check, audit_number, audit_hash,"
                                " audit_removed FROM totals"));
  CERTSPAN_TRY(const bool found, row.step());
  if (!found) return tl::unexpected(sql::Failure{sql::Trouble::Corrupt, 0, "its totals are gone"});
  totals.newest = row.integer(0);
  totals.last_id = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(1), 0));
  totals.counts[at(ItemState::Done)] = row.integer(2);
  totals.counts[at(ItemState::Dead)] = row.integer(3);
  totals.key_check = copy_of(row.blob(4));
  CERTSPAN_TRY(totals.audit, read_head(row));
  row.reset();

  CERTSPAN_TRY(sql::Statement open, database.prepare("SELECT state, count(*) FROM hot GROUP BY state"));
  for (;;) {
    CERTSPAN_TRY(const bool more, open.step());
    if (!more) break;
    totals.sealed = true;
    const std::int64_t state = open.integer(0);
    if (state >= 0 && state <= std::int64_t{at(ItemState::Held)}) {
      totals.counts.at(static_cast<std::size_t>(state)) = open.integer(1);
    }
  }
  // The condition on the state is the index's own. A dead letter of an older certspan has nothing sealed.
  CERTSPAN_TRY(const auto letters,
               database.number("SELECT EXISTS (SELECT 1 FROM done WHERE state <> 4 AND state = 6"
                               " AND sealed IS NOT NULL)"));
  totals.sealed = totals.sealed || letters != 0;
  return totals;
}

Journal::Counts counts_of(const StateCounts& counts) {
  const auto count = [&](ItemState state) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(counts.at(at(state)), 0));
  };
  return {count(ItemState::Ready), count(ItemState::Calling), count(ItemState::Pending),
          count(ItemState::Held),  count(ItemState::Done),    count(ItemState::Dead)};
}

}  // namespace certspan
