#include "host/journal/sealed_rows.hpp"

#include <array>
#include <utility>
#include <vector>

#include "host/base/failpoint.hpp"
#include "host/base/secret.hpp"
#include "host/journal/change.hpp"

namespace certspan {
namespace {

/// Rows that are held in memory at a time; each takes up to 512 KB.
constexpr std::int64_t kRowsAtATime = 32;

/// The tables with sealed columns, a test holds them against the schema. Finished rows are in the audit
/// chain, which does not cover this column, for it tells nothing that the row's digest of the request does
/// not.
struct SealedTable {
  const char* rows;
  const char* update;
};
constexpr std::array<SealedTable, 2> kSealedTables = {{
    {"SELECT id, state, sealed FROM hot WHERE id > ?1 ORDER BY id LIMIT ?2",
     "UPDATE hot SET sealed = ?2 WHERE id = ?1"},
    {"SELECT id, state, sealed FROM done WHERE id > ?1 AND sealed <> x'' ORDER BY id LIMIT ?2",
     "UPDATE done SET sealed = ?2 WHERE id = ?1"},
}};

struct SealedRow {
  std::int64_t id = 0;
  ItemState state = ItemState::Ready;
  Bytes sealed;

  SealedPlace place() const { return sealed_place(WorkId{static_cast<std::uint64_t>(id)}, state); }
};

/// Rows behind `after`.
sql::Tried<std::vector<SealedRow>> some_rows(sql::Statement& select, std::int64_t after) {
  std::vector<SealedRow> rows;
  select.bind(1, after).bind(2, kRowsAtATime);
  for (;;) {
    CERTSPAN_TRY(const bool more, select.step());
    if (!more) return rows;
    // A state that is none makes a place at which nothing opens.
    const auto state = static_cast<ItemState>(static_cast<std::uint8_t>(select.integer(1)));
    rows.push_back({select.integer(0), state, copy_of(select.blob(2))});
  }
}

/// Every sealed row of a table, and what was opened of it.
class Opening {
 public:
  using Opened = std::function<Result<void>(const SealedRow& row, BytesView plain)>;

  Opening(sql::Database& database, const std::string& path, const Sealer& sealer)
      : database_(database), path_(path), sealer_(sealer) {}

  Result<std::uint64_t> run(const char* rows, const Opened& opened);

 private:
  sql::Database& database_;
  const std::string& path_;
  const Sealer& sealer_;
};

Result<std::uint64_t> Opening::run(const char* rows, const Opened& opened) {
  auto select = database_.prepare(rows);
  if (!select) return tl::unexpected(sql::to_error(select.error(), path_));
  std::uint64_t count = 0;
  for (std::int64_t after = -1;;) {
    const auto page = some_rows(*select, after);
    if (!page) return tl::unexpected(sql::to_error(page.error(), path_));
    if (page->empty()) return count;
    for (const SealedRow& row : *page) {
      CERTSPAN_TRY(Bytes octets, sealer_.open(row.place(), row.sealed));
      const Secret plain(std::move(octets));
      CERTSPAN_CHECK(opened(row, plain.reveal()));
      after = row.id;
      ++count;
    }
  }
}

Result<std::uint64_t> seal_all_anew(sql::Database& database, const std::string& path, const Sealer& from,
                                    const Sealer& to) {
  Opening opening(database, path, from);
  std::uint64_t count = 0;
  for (const SealedTable& table : kSealedTables) {
    auto update = database.prepare(table.update);
    if (!update) return tl::unexpected(sql::to_error(update.error(), path));
    CERTSPAN_TRY(const std::uint64_t rows,
                 opening.run(table.rows, [&](const SealedRow& row, BytesView plain) -> Result<void> {
                   CERTSPAN_TRY(const Bytes sealed, to.seal(row.place(), plain));
                   const auto written = update->bind(1, row.id).bind(2, BytesView(sealed)).run();
                   if (!written) return tl::unexpected(sql::to_error(written.error(), path));
                   CERTSPAN_FAILPOINT("rotate.row");
                   return {};
                 }));
    count += rows;
  }
  const auto set = database.run("UPDATE totals SET key_check = x'" + to_hex(to.key_check()) + "'");
  if (!set) return tl::unexpected(sql::to_error(set.error(), path));
  return count;
}

}  // namespace

Result<std::uint64_t> seal_anew(sql::Database& database, const std::string& path, const Sealer& from,
                                const Sealer& to) {
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) {
    return tl::unexpected(sql::to_error(begun.error(), path));
  }
  auto count = seal_all_anew(database, path, from, to);
  CERTSPAN_FAILPOINT("rotate.commit.before");
  if (count) {
    if (auto done = database.run("COMMIT"); !done) count = tl::unexpected(sql::to_error(done.error(), path));
  }
  if (!count && database.in_transaction()) static_cast<void>(database.run("ROLLBACK"));
  CERTSPAN_FAILPOINT("rotate.commit.after");
  return count;
}

Result<std::uint64_t> open_all_sealed(sql::Database& database, const std::string& path,
                                      const Sealer& sealer) {
  Opening opening(database, path, sealer);
  std::uint64_t count = 0;
  for (const SealedTable& table : kSealedTables) {
    CERTSPAN_TRY(const std::uint64_t rows,
                 opening.run(table.rows, [](const SealedRow&, BytesView) { return Result<void>(); }));
    count += rows;
  }
  return count;
}

}  // namespace certspan
