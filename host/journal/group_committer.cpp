#include "host/journal/group_committer.hpp"

#include <algorithm>
#include <utility>

#include "host/base/failpoint.hpp"

namespace certspan {
namespace {

constexpr auto kDone = static_cast<std::size_t>(ItemState::Done);
constexpr auto kFailed = static_cast<std::size_t>(ItemState::Failed);
constexpr auto kDead = static_cast<std::size_t>(ItemState::Dead);

/// While this lives the pages that an erasure frees are wiped too. It costs a write for each, so only then.
class WipesFreed {
 public:
  WipesFreed(sql::Database& database, std::span<const Change* const> changes)
      : database_(database), needed_(std::any_of(changes.begin(), changes.end(), [](const Change* change) {
          return change->erasure;
        })) {
    // A setting of the connection, nothing that could fail.
    if (needed_) static_cast<void>(database_.run("PRAGMA secure_delete=ON"));
  }
  WipesFreed(const WipesFreed&) = delete;
  WipesFreed& operator=(const WipesFreed&) = delete;
  ~WipesFreed() {
    if (needed_) static_cast<void>(database_.run("PRAGMA secure_delete=FAST"));
  }

 private:
  sql::Database& database_;
  const bool needed_;
};

}  // namespace

Result<std::unique_ptr<GroupCommitter>> GroupCommitter::create(sql::Database database, std::string path,
                                                               const Totals& totals, const Clock& clock,
                                                               IdSource& ids) {
  std::unique_ptr<GroupCommitter> committer(
      new GroupCommitter(std::move(database), std::move(path), clock, ids));
  const MutexLock lock(committer->mutex_);
  if (auto prepared = committer->prepare(totals); !prepared) {
    return tl::unexpected(sql::to_error(prepared.error(), committer->path_));
  }
  return committer;
}

sql::Tried<void> GroupCommitter::prepare(const Totals& totals) {
  CERTSPAN_TRY(rows_, RowWriter::create(database_, ids_));
  CERTSPAN_TRY(begin_, database_.prepare("BEGIN IMMEDIATE"));
  CERTSPAN_TRY(commit_, database_.prepare("COMMIT"));
  CERTSPAN_TRY(rollback_, database_.prepare("ROLLBACK"));
  CERTSPAN_TRY(totals_, database_.prepare(
                            "UPDATE totals SET newest = max(newest, ?1), last_id = ?2,"
                            " finished = finished + ?3, dead = dead + ?4, audit_number = ?5, audit_hash = ?6,"
                            " audit_removed = ?7"));
  audit_ = totals.audit;
  newest_ = totals.newest;
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_.at(i) = totals.counts.at(i);
  return {};
}

StateCounts GroupCommitter::counts() const {
  StateCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts.at(i) = counts_.at(i).load();
  return counts;
}

AuditHead GroupCommitter::audit_head() {
  const MutexLock lock(mutex_);
  return audit_;
}

void GroupCommitter::commit(std::span<const Change* const> changes, std::span<CommitResult> results) {
  const MutexLock lock(mutex_);
  if (broken_) return std::fill(results.begin(), results.end(), CommitResult::Failed);
  CERTSPAN_FAILPOINT("journal.commit.before");
  StateCounts moved{};
  AuditHead head = audit_;
  const auto written = write_group(changes, results, moved, head);
  if (!written) return std::fill(results.begin(), results.end(), take_back(written.error()));
  if (!*written) return;
  CERTSPAN_FAILPOINT("journal.commit.after");
  audit_ = head;
  log_frames_.store(database_.log_frames(), std::memory_order_relaxed);
  newest_ = std::max(newest_.load(), clock_.wall_ms());
  moved[kDone] += std::exchange(moved[kFailed], 0);
  for (std::size_t i = 0; i < moved.size(); ++i) counts_[i] += moved[i];
}

/// False: no member could be written, and the transaction was taken back.
sql::Tried<bool> GroupCommitter::write_group(std::span<const Change* const> changes,
                                             std::span<CommitResult> results, StateCounts& moved,
                                             AuditHead& head) {
  const WipesFreed wipes(database_, changes);
  CERTSPAN_CHECK(begin_.run());
  bool any = false;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CERTSPAN_TRY(results[i], rows_->apply(*changes[i], moved, head));
    any = any || results[i] == CommitResult::Committed;
  }
  if (!any) {
    CERTSPAN_CHECK(rollback_.run());
    return false;
  }
  CERTSPAN_CHECK(write_totals(moved, head));
  CERTSPAN_CHECK(commit_.run());
  return true;
}

sql::Tried<void> GroupCommitter::write_totals(const StateCounts& moved, const AuditHead& head) {
  return totals_.bind(1, clock_.wall_ms())
      .bind(2, static_cast<std::int64_t>(ids_.last()))
      .bind(3, moved[kDone] + moved[kFailed])
      .bind(4, moved[kDead])
      .bind(5, static_cast<std::int64_t>(head.number))
      .bind(6, BytesView(head.hash))
      .bind(7, static_cast<std::int64_t>(head.removed))
      .run();
}

CommitResult GroupCommitter::take_back(const sql::Failure& failure) {
  bool clean = true;
  if (database_.in_transaction()) clean = rollback_.run().has_value();
  switch (failure.trouble) {
    case sql::Trouble::Busy:
      if (clean) return CommitResult::Locked;
      break;
    case sql::Trouble::Full:
    case sql::Trouble::Memory:
      if (clean) return CommitResult::Refused;
      break;
    case sql::Trouble::ReadOnly:
    case sql::Trouble::Corrupt:
    case sql::Trouble::Io:
    case sql::Trouble::Other:
      break;
  }
  broken_ = true;
  database_.leave_log();
  return CommitResult::Failed;
}

Result<void> GroupCommitter::claim_open(const std::function<Result<void>(sql::Database&)>& read) {
  const MutexLock lock(mutex_);
  return in_transaction([&]() CERTSPAN_REQUIRES(mutex_) -> Result<void> {
    if (auto raised = database_.run("UPDATE hot SET epoch = epoch + 1"); !raised) {
      take_back(raised.error());
      return tl::unexpected(sql::to_error(raised.error(), path_));
    }
    return read(database_);
  });
}

Result<void> GroupCommitter::accept_clock() {
  const WallMs now = clock_.wall_ms();
  CERTSPAN_CHECK(change([&](sql::Database& database) {
    return database.run("UPDATE totals SET newest = " + std::to_string(now));
  }));
  newest_ = now;
  return {};
}

Result<void> GroupCommitter::change(const std::function<sql::Tried<void>(sql::Database&)>& write) {
  const MutexLock lock(mutex_);
  return in_transaction([&]() CERTSPAN_REQUIRES(mutex_) -> Result<void> {
    const auto written = write(database_);
    if (written) return {};
    take_back(written.error());
    return tl::unexpected(sql::to_error(written.error(), path_));
  });
}

Result<void> GroupCommitter::in_transaction(const std::function<Result<void>()>& body) {
  const auto failed = [&](const sql::Failure& failure) CERTSPAN_REQUIRES(mutex_) {
    take_back(failure);
    return tl::unexpected(sql::to_error(failure, path_));
  };
  if (broken_) return fail(Outcome::Internal, "journal.io", "the journal failed earlier: restart the host");
  if (auto begun = begin_.run(); !begun) return failed(begun.error());
  if (auto done = body(); !done) {
    if (database_.in_transaction()) static_cast<void>(rollback_.run());
    return done;
  }
  if (auto committed = commit_.run(); !committed) return failed(committed.error());
  log_frames_.store(database_.log_frames(), std::memory_order_relaxed);
  return {};
}

void GroupCommitter::between_commits(const std::function<void()>& checkpoint) {
  const MutexLock lock(mutex_);
  checkpoint();
}

void GroupCommitter::give_up() {
  const MutexLock lock(mutex_);
  broken_ = true;
  database_.leave_log();
}

}  // namespace certspan
