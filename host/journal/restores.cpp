#include "host/journal/restores.hpp"

#include <utility>

#include "host/journal/totals.hpp"

namespace certspan {

sql::Tried<std::vector<Restore>> read_restores(sql::Database& database) {
  CERTSPAN_TRY(sql::Statement row,
               database.prepare("SELECT backup_at, restored_at, started_at, audit_number, audit_hash,"
                                " nothing_lost FROM restores ORDER BY row"));
  std::vector<Restore> restores;
  for (;;) {
    CERTSPAN_TRY(const bool more, row.step());
    if (!more) return restores;
    Restore restore;
    restore.backup_at = row.integer(0);
    restore.restored_at = row.integer(1);
    if (!row.is_null(2)) restore.started_at = row.integer(2);
    restore.audit_number = static_cast<std::uint64_t>(row.integer(3));
    if (!read_hash(row, 4, restore.audit_hash)) {
      return tl::unexpected(
          sql::Failure{sql::Trouble::Corrupt, 0, "what it tells of its restores is damaged"});
    }
    restore.nothing_lost = row.integer(5) != 0;
    restores.push_back(restore);
  }
}

sql::Tried<void> insert_restore(sql::Database& database, const Restore& restore) {
  CERTSPAN_TRY(sql::Statement insert,
               database.prepare("INSERT INTO restores (backup_at, restored_at, started_at, audit_number,"
                                " audit_hash, nothing_lost) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  return insert.bind(1, restore.backup_at)
      .bind(2, restore.restored_at)
      .bind(3, restore.started_at)
      .bind(4, static_cast<std::int64_t>(restore.audit_number))
      .bind(5, BytesView(restore.audit_hash))
      .bind(6, std::int64_t{restore.nothing_lost})
      .run();
}

sql::Tried<void> start_restores(sql::Database& database, WallMs now) {
  CERTSPAN_TRY(sql::Statement start,
               database.prepare("UPDATE restores SET started_at = ?1 WHERE started_at IS NULL"));
  return start.bind(1, now).run();
}

}  // namespace certspan
