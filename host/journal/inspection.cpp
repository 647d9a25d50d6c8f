#include "host/journal/inspection.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/index_keys.hpp"
#include "host/journal/item_reader.hpp"
#include "host/journal/schema.hpp"
#include "host/journal/totals.hpp"

namespace certspan {
namespace {

constexpr std::size_t kMostFaultsTold = 100;

constexpr const char* kHot =
    "SELECT id, epoch, state, key, body, note, sealed, key_hash, transaction_hash, serial_hash FROM hot";
constexpr const char* kDoneRows =
    "SELECT id, epoch, state, key, body, x'', sealed, key_hash, transaction_hash, serial_hash FROM done";
struct HashColumn {
  enum : std::uint8_t { Key = 7, Transaction, Serial };
};

bool same_hash(const sql::Statement& row, int column, std::optional<std::int64_t> hash) {
  return row.is_null(column) ? !hash : hash && row.integer(column) == *hash;
}

/// What is found is collected; a failure stops the look only where it is not about the file's content.
class Inspector {
 public:
  Inspector(sql::Database& database, const Sealer& sealer) : database_(database), sealer_(sealer) {}

  sql::Tried<void> run();
  Journal::Inspection take() && { return std::move(found_); }

 private:
  sql::Tried<void> go_on_after(sql::Tried<void> looked, const char* what);
  void fault(std::string text);
  sql::Tried<void> pages();
  sql::Tried<void> tables();
  sql::Tried<void> rows(const char* query, bool open);
  void row(const sql::Statement& row, bool open);
  sql::Tried<void> between_rows();
  sql::Tried<void> totals();

  sql::Database& database_;
  const Sealer& sealer_;
  Journal::Inspection found_;
  std::int64_t newest_ = 0;
};

sql::Tried<void> Inspector::run() {
  CERTSPAN_CHECK(go_on_after(pages(), "its pages"));
  CERTSPAN_CHECK(go_on_after(tables(), "its tables"));
  CERTSPAN_CHECK(go_on_after(rows(kHot, true), "its open items"));
  CERTSPAN_CHECK(go_on_after(rows(kDoneRows, false), "its finished items"));
  CERTSPAN_CHECK(go_on_after(between_rows(), "its rows"));
  return go_on_after(totals(), "its totals");
}

sql::Tried<void> Inspector::go_on_after(sql::Tried<void> looked, const char* what) {
  if (looked || looked.error().trouble != sql::Trouble::Corrupt) return looked;
  fault(std::string(what) + " can't be read to the end: " + looked.error().message);
  return {};
}

void Inspector::fault(std::string text) {
  if (found_.faults.size() < kMostFaultsTold) found_.faults.push_back(std::move(text));
}

sql::Tried<void> Inspector::pages() {
  CERTSPAN_TRY(const std::int64_t size, database_.number("PRAGMA page_size"));
  CERTSPAN_TRY(const std::int64_t pages, database_.number("PRAGMA page_count"));
  CERTSPAN_TRY(const std::int64_t free, database_.number("PRAGMA freelist_count"));
  found_.bytes = static_cast<std::uint64_t>(size * pages);
  found_.free_bytes = static_cast<std::uint64_t>(size * free);
  CERTSPAN_TRY(sql::Statement verdict,
               database_.prepare("PRAGMA integrity_check(" + std::to_string(kMostFaultsTold) + ")"));
  for (;;) {
    CERTSPAN_TRY(const bool more, verdict.step());
    if (!more) return {};
    if (verdict.text(0) != "ok") fault("damaged: " + std::string(verdict.text(0)));
  }
}

sql::Tried<void> Inspector::tables() {
  CERTSPAN_TRY(
      sql::Statement tables,
      database_.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view', 'trigger')"));
  for (;;) {
    CERTSPAN_TRY(const bool more, tables.step());
    if (!more) return {};
    const std::string_view name = tables.text(0);
    const bool ours = std::find(kTables.begin(), kTables.end(), name) != kTables.end();
    if (!ours && !name.starts_with("sqlite_"))
      fault("\"" + std::string(name) + "\" is no table of a journal");
  }
}

sql::Tried<void> Inspector::rows(const char* query, bool open) {
  CERTSPAN_TRY(sql::Statement rows, database_.prepare(query));
  for (;;) {
    CERTSPAN_TRY(const bool more, rows.step());
    if (!more) return {};
    row(rows, open);
  }
}

void Inspector::row(const sql::Statement& row, bool open) {
  newest_ = std::max(newest_, row.integer(0));
  auto item = read_row(row);
  if (!item) return fault(item.error().message);
  const std::string name = to_string(item->id);
  if (is_open(item->state) != open) {
    fault("work item " + name + " is " + std::string(to_string(item->state)) + ", but stands among the " +
          (open ? "open" : "finished"));
  } else if (auto opened = open_secrets(row, sealer_, *item); !opened) {
    fault(opened.error().message);
  }
  if (row.integer(HashColumn::Key) != index_hash(item->key) ||
      !same_hash(row, HashColumn::Transaction, transaction_hash(item->transaction_id)) ||
      !same_hash(row, HashColumn::Serial, serial_hash(item->label(kSerialLabel)))) {
    fault("work item " + name + " can't be found by what stands in it");
  }
  ++(open ? found_.open : item->state == ItemState::Dead ? found_.dead : found_.finished);
}

sql::Tried<void> Inspector::between_rows() {
  CERTSPAN_TRY(const std::int64_t both,
               database_.number("SELECT count(*) FROM hot WHERE id IN (SELECT id FROM done)"));
  if (both > 0) fault(std::to_string(both) + " work items are open and finished at once");
  CERTSPAN_TRY(const std::int64_t twice,
               database_.number("SELECT count(*) FROM (SELECT 1 FROM hot GROUP BY key HAVING count(*) > 1)"));
  if (twice > 0) fault(std::to_string(twice) + " requests are open more than once");
  CERTSPAN_TRY(const std::int64_t records, database_.number("SELECT count(*) FROM store"));
  found_.records = static_cast<std::uint64_t>(records);
  CERTSPAN_TRY(const std::int64_t revision, database_.number("SELECT coalesce(max(revision), 0) FROM store"));
  newest_ = std::max(newest_, revision);
  return {};
}

sql::Tried<void> Inspector::totals() {
  CERTSPAN_TRY(const Totals kept, read_totals(database_));
  const Journal::Counts counts = counts_of(kept.counts);
  const auto compare = [&](const char* what, std::uint64_t told, std::uint64_t there) {
    if (told == there) return;
    fault("its totals tell of " + std::to_string(told) + " " + what + ", there are " + std::to_string(there));
  };
  compare("finished items", counts.finished, found_.finished);
  compare("dead letters", counts.dead, found_.dead);
  if (kept.last_id < static_cast<std::uint64_t>(newest_)) {
    fault("its totals end before its newest record: numbers could be given out twice");
  }
  if (sealer_.has_key() && !kept.key_check.empty() && kept.sealed && kept.key_check != sealer_.key_check()) {
    fault("its sealing key is another journal's");
  }
  return {};
}

}  // namespace

Result<Journal::Inspection> inspect_journal(sql::Database& database, const std::string& path,
                                            const Sealer& sealer) {
  Inspector inspector(database, sealer);
  auto looked = database.run("BEGIN");
  if (looked) looked = inspector.run();
  if (database.in_transaction()) static_cast<void>(database.run("ROLLBACK"));
  if (!looked) return tl::unexpected(sql::to_error(looked.error(), path));
  return std::move(inspector).take();
}

}  // namespace certspan
