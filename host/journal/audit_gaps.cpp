#include "host/journal/audit_gaps.hpp"

#include <utility>

#include "host/journal/totals.hpp"

namespace certspan {

sql::Tried<AuditGaps> AuditGaps::create(sql::Database& database) {
  AuditGaps gaps;
  CERTSPAN_TRY(gaps.before_, database.prepare("SELECT first, last, before, after FROM audit_gaps"
                                              " WHERE first < ?1 ORDER BY first DESC LIMIT 1"));
  CERTSPAN_TRY(gaps.at_,
               database.prepare("SELECT first, last, before, after FROM audit_gaps WHERE first = ?1"));
  CERTSPAN_TRY(gaps.put_, database.prepare("INSERT OR REPLACE INTO audit_gaps VALUES (?1, ?2, ?3, ?4)"));
  CERTSPAN_TRY(gaps.remove_, database.prepare("DELETE FROM audit_gaps WHERE first = ?1"));
  return gaps;
}

/// Only what fits together becomes one: a join would hide what does not.
sql::Tried<void> AuditGaps::add(AuditGap gap) {
  CERTSPAN_TRY(const auto earlier, find(before_, gap.first));
  if (earlier && earlier->last + 1 == gap.first && earlier->after == gap.before) {
    gap.first = earlier->first;
    gap.before = earlier->before;
  }
  CERTSPAN_TRY(const auto later, find(at_, gap.last + 1));
  if (later && later->before == gap.after) {
    gap.last = later->last;
    gap.after = later->after;
    CERTSPAN_CHECK(remove(*later));
  }
  return put(gap);
}

sql::Tried<std::optional<AuditGap>> AuditGaps::find(sql::Statement& statement, std::uint64_t number) {
  const sql::ResetAtEnd reset(statement);
  CERTSPAN_TRY(const bool found, statement.bind(1, static_cast<std::int64_t>(number)).step());
  if (!found) return std::nullopt;
  AuditGap gap;
  gap.first = static_cast<std::uint64_t>(statement.integer(0));
  gap.last = static_cast<std::uint64_t>(statement.integer(1));
  if (!read_hash(statement, 2, gap.before) || !read_hash(statement, 3, gap.after)) return std::nullopt;
  return gap;
}

sql::Tried<void> AuditGaps::put(const AuditGap& gap) {
  return put_.bind(1, static_cast<std::int64_t>(gap.first))
      .bind(2, static_cast<std::int64_t>(gap.last))
      .bind(3, BytesView(gap.before))
      .bind(4, BytesView(gap.after))
      .run();
}

sql::Tried<void> AuditGaps::remove(const AuditGap& gap) {
  return remove_.bind(1, static_cast<std::int64_t>(gap.first)).run();
}

}  // namespace certspan
