#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/base/clock.hpp"
#include "host/base/mutex.hpp"
#include "host/journal/change.hpp"
#include "host/journal/id_source.hpp"
#include "host/journal/row_writer.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/totals.hpp"

namespace certspan {

/// The one connection that writes. Thread-safe; every transaction runs under one lock.
///
/// After a write or sync that failed nobody knows what is on the disk, so it never writes again: every later
/// commit fails at once, and the next opening decides what was committed. Running out of room is no such
/// failure, since SQLite then takes the whole transaction back.
class GroupCommitter {
 public:
  /// Takes the connection over, which has its schema and `totals`. `clock` and `ids` outlive this. Errors:
  /// journal.corrupt and others of sql::to_error.
  static Result<std::unique_ptr<GroupCommitter>> create(sql::Database database, std::string path,
                                                        const Totals& totals, const Clock& clock,
                                                        IdSource& ids);

  /// Commits all members in one transaction and puts each one's result at its place. A member whose
  /// preconditions do not hold fails alone.
  void commit(std::span<const Change* const> changes, std::span<CommitResult> results);

  /// Raises the epoch of every open item; `read` sees the table inside the transaction, which is given up if
  /// it fails. Errors: as `read`, and those of sql::to_error.
  Result<void> claim_open(const std::function<Result<void>(sql::Database&)>& read);

  WallMs newest_record() const { return newest_.load(); }
  /// Makes the wall time as it is the newest record's.
  Result<void> accept_clock();

  /// Runs `write` as a transaction of its own. Errors: those of sql::to_error.
  Result<void> change(const std::function<sql::Tried<void>(sql::Database&)>& write);

  StateCounts counts() const;
  /// Of what is committed.
  AuditHead audit_head();

  /// Frames in the write-ahead log after the last commit.
  int log_frames() const { return log_frames_.load(std::memory_order_relaxed); }
  /// Runs `checkpoint` while no transaction runs.
  void between_commits(const std::function<void()>& checkpoint);
  /// A checkpoint elsewhere left no log.
  void log_emptied() { log_frames_.store(0, std::memory_order_relaxed); }
  /// A write or sync failed elsewhere, in a checkpoint.
  void give_up();

 private:
  GroupCommitter(sql::Database database, std::string path, const Clock& clock, IdSource& ids)
      : path_(std::move(path)), clock_(clock), ids_(ids), database_(std::move(database)) {}

  sql::Tried<void> prepare(const Totals& totals) CERTSPAN_REQUIRES(mutex_);
  sql::Tried<bool> write_group(std::span<const Change* const> changes, std::span<CommitResult> results,
                               StateCounts& moved, AuditHead& head) CERTSPAN_REQUIRES(mutex_);
  sql::Tried<void> write_totals(const StateCounts& moved, const AuditHead& head) CERTSPAN_REQUIRES(mutex_);
  /// After a failed transaction: takes it back, and tells whether that is certain.
  CommitResult take_back(const sql::Failure& failure) CERTSPAN_REQUIRES(mutex_);
  /// Runs `body` as one transaction.
  Result<void> in_transaction(const std::function<Result<void>()>& body) CERTSPAN_REQUIRES(mutex_);

  const std::string path_;
  const Clock& clock_;
  IdSource& ids_;

  Mutex mutex_;
  sql::Database database_ CERTSPAN_GUARDED_BY(mutex_);
  std::optional<RowWriter> rows_ CERTSPAN_GUARDED_BY(mutex_);
  sql::Statement begin_ CERTSPAN_GUARDED_BY(mutex_);
  sql::Statement commit_ CERTSPAN_GUARDED_BY(mutex_);
  sql::Statement rollback_ CERTSPAN_GUARDED_BY(mutex_);
  sql::Statement totals_ CERTSPAN_GUARDED_BY(mutex_);
  AuditHead audit_ CERTSPAN_GUARDED_BY(mutex_);
  bool broken_ CERTSPAN_GUARDED_BY(mutex_) = false;

  std::atomic<WallMs> newest_{0};
  std::atomic<int> log_frames_{0};
  std::array<std::atomic<std::int64_t>, std::tuple_size_v<StateCounts>> counts_{};
};

}  // namespace certspan
