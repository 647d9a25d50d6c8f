#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/journal/audit_erasures.hpp"
#include "host/journal/audit_gaps.hpp"
#include "host/journal/change.hpp"
#include "host/journal/id_source.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// Applies changes to the tables, inside a transaction that its owner begins and ends. For one thread at a
/// time.
class RowWriter {
 public:
  /// `database` and `revisions` outlive this.
  static sql::Tried<RowWriter> create(sql::Database& database, IdSource& revisions);

  /// Checks every precondition by looking, then writes. Anything but Committed means that nothing of this
  /// change was written and that the transaction goes on. Adds to `counts` what the change did
  /// to them, and moves `head` with the audit chain.
  sql::Tried<CommitResult> apply(const Change& change, StateCounts& counts, AuditHead& head);

 private:
  /// What stands in the store under a write's key; a later write of the same change replaces an earlier one
  /// and is not looked up.
  struct Current {
    std::int64_t revision = 0;
    bool replaced = false;
  };

  explicit RowWriter(IdSource& revisions) : revisions_(&revisions) {}

  sql::Tried<CommitResult> check_item(const ItemRow& row);
  sql::Tried<CommitResult> check_first(const ItemRow& row);
  sql::Tried<CommitResult> check_writes(const std::vector<StoreWrite>& writes);
  /// The state in the item's open row, if `epoch` holds it.
  sql::Tried<std::optional<ItemState>> held_state(WorkId id, std::uint32_t epoch);
  sql::Tried<bool> is_finished(WorkId id);

  sql::Tried<void> write_item(const ItemRow& row, AuditHead& head);
  /// Gives a finished row its place in the chain; returns the head after it.
  sql::Tried<AuditHead> chain(const ItemRow& row, const AuditHead& head);
  /// The item's number in the chain, 0 if it has none; nullopt: it is not there.
  sql::Tried<std::optional<std::uint64_t>> remove_finished(WorkId id, StateCounts& counts, AuditHead& head);
  sql::Tried<void> erase(const ErasureRow& order, StateCounts& counts, AuditHead& head);
  sql::Tried<void> give_back();
  sql::Tried<void> write_store(const StoreWrite& write, std::int64_t current_revision);

  IdSource* revisions_;
  AuditGaps gaps_;
  AuditErasures erasures_;
  std::vector<Current> current_;            ///< scratch: beside the change's writes
  std::optional<ItemState> earlier_state_;  ///< scratch: of the item at hand

  sql::Statement find_hot_;
  sql::Statement find_key_;
  sql::Statement find_done_;
  sql::Statement insert_hot_;
  sql::Statement update_hot_;
  sql::Statement delete_hot_;
  sql::Statement insert_done_;
  sql::Statement delete_done_;
  sql::Statement shrink_;
  sql::Statement update_note_;
  sql::Statement find_store_;
  sql::Statement put_store_;
  sql::Statement delete_store_;
};

}  // namespace certspan
