#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/journal/journal.hpp"
#include "host/journal/sealing.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// Reads on one connection. For one thread at a time.
class ItemReader {
 public:
  /// Whether an item is wanted. The secrets are not there yet.
  using Wanted = std::function<bool(const WorkItem&)>;

  /// `sealer` outlives this. Errors: those of sql::to_error.
  static Result<ItemReader> create(sql::Database database, std::string path, const Sealer& sealer);

  Result<std::optional<WorkItem>> find_by_key(const ItemKey& key);
  Result<std::optional<WorkItem>> find_by_poll_key(const ItemKey& poll_key, std::string_view transaction_id);
  Result<std::optional<WorkItem>> find(WorkId id);
  Result<std::vector<WorkItem>> search(std::string_view text, std::size_t limit);
  Result<ItemPage> page(const ItemFilter& filter, const ItemRange& range, std::size_t limit);

  struct PageLimits {
    std::size_t rows = 0;    ///< looked at
    std::size_t wanted = 0;  ///< found
  };
  struct FinishedPage {
    std::vector<WorkId> wanted;
    WorkId last{};  ///< looked at
    bool more = false;
  };
  /// A part of the finished items that were accepted before `accepted`, from the one after `after` on, oldest
  /// first. Rows that can't be decoded are passed over.
  Result<FinishedPage> finished_page(WorkId after, WallMs accepted, PageLimits limits, const Wanted& wanted);

  /// The same of the refused items, but for the newest `kept`.
  Result<FinishedPage> refused_page(WorkId after, std::size_t kept, PageLimits limits, const Wanted& wanted);

  struct Space {
    std::int64_t pages = 0;
    std::int64_t free_pages = 0;
  };
  Result<Space> space();

  Result<AuditPage> audit_page(WorkId after, std::size_t limit);
  Result<std::vector<AuditGap>> audit_gaps(std::uint64_t after, std::size_t limit);
  Result<std::vector<AuditRecord>> audit_erasures(std::uint64_t after, std::size_t limit);

  Result<std::optional<StoreRecord>> store_get(std::string_view connector, BytesView key);
  Result<Totals> totals();

  /// In key order.
  Result<std::vector<StoreRecord>> store_page(std::string_view connector, BytesView prefix, BytesView after,
                                              std::size_t limit);

 private:
  ItemReader(sql::Database database, std::string path, const Sealer& sealer)
      : path_(std::move(path)), sealer_(&sealer), database_(std::move(database)) {}

  sql::Tried<void> prepare();
  /// Appends the rows of a bound statement that are wanted, until `items` holds `limit`.
  Result<void> collect(sql::Statement& statement, const Wanted& wanted, std::size_t limit,
                       std::vector<WorkItem>& items);
  Result<std::vector<WorkItem>> find_indexed(sql::Statement& hot, sql::Statement& done, std::int64_t hash,
                                             const Wanted& wanted, std::size_t limit);
  Result<std::vector<WorkItem>> scan_names(std::string_view part, std::size_t limit);
  /// Rows of a bound statement.
  Result<FinishedPage> page_of(sql::Statement& statement, WorkId after, PageLimits limits,
                               const Wanted& wanted);
  Error described(const sql::Failure& failure) const { return sql::to_error(failure, path_); }

  std::string path_;
  const Sealer* sealer_;
  sql::Database database_;

  sql::Statement hot_by_id_;
  sql::Statement done_by_id_;
  sql::Statement hot_by_key_;
  sql::Statement done_by_key_;
  sql::Statement hot_by_transaction_;
  sql::Statement done_by_transaction_;
  sql::Statement hot_by_serial_;
  sql::Statement done_by_serial_;
  sql::Statement hot_all_;
  sql::Statement done_all_;
  sql::Statement done_before_;
  sql::Statement refused_beyond_;
  sql::Statement refused_before_;
  sql::Statement audit_;
  sql::Statement gaps_;
  sql::Statement erasures_;
  sql::Statement get_;
  sql::Statement scan_;
};

/// Columns of `hot` and `done` in the order that read_row takes.
inline constexpr std::string_view kHotColumns = "SELECT id, epoch, state, key, body, note, sealed FROM hot ";
inline constexpr std::string_view kDoneColumns = "SELECT id, epoch, state, key, body, x'', sealed FROM done ";
inline constexpr int kBodyColumn = 4;

/// The item at a statement's row, without its secrets. Errors: journal.corrupt, journal.newer_schema.
Result<WorkItem> read_row(const sql::Statement& row);
/// Its secrets.
Result<void> open_secrets(const sql::Statement& row, const Sealer& sealer, WorkItem& item);

}  // namespace certspan
