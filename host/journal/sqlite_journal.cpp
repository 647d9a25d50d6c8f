#include <iterator>
#include <memory>
#include <utility>

#include "host/base/failpoint.hpp"
#include "host/journal/change.hpp"
#include "host/journal/checkpointer.hpp"
#include "host/journal/compaction.hpp"
#include "host/journal/erasing.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/group_writer.hpp"
#include "host/journal/id_source.hpp"
#include "host/journal/item_reader.hpp"
#include "host/journal/opening.hpp"
#include "host/journal/reading_journal.hpp"
#include "host/journal/restores.hpp"
#include "host/journal/retention.hpp"

namespace certspan {
namespace {

constexpr std::size_t kReaders = 4;

/// The host's journal. Thread-safe. Its members end in the order that is needed: the retention stops, the
/// writer finishes its queue, the checkpoints end, the connection that commits closes, and the directory's
/// lock goes last.
class SqliteJournal final : public ReadingJournal {
 public:
  static Result<std::unique_ptr<Journal>> create(OpenedDirectory directory, const JournalOptions& options);

  void commit(Transition transition, Committed done) override;
  CommitResult note(WorkId id, std::uint32_t epoch, BytesView note) override;
  CommitResult write(std::vector<StoreWrite> writes) override;
  Result<std::vector<WorkItem>> claim_open() override;
  WorkId next_id() override { return WorkId{ids_.next()}; }
  WallMs newest_record() override { return committer_->newest_record(); }
  Result<void> accept_clock() override { return committer_->accept_clock(); }
  Result<Counts> counts() override { return counts_of(committer_->counts()); }
  Result<AuditHead> audit_head() override { return committer_->audit_head(); }
  Result<std::uint64_t> erase(const ErasureOrder& order) override {
    return erase_items(order, next_id(), readers(), *writer_, clock_);
  }
  Result<Purge> purge(bool may_rewrite) override {
    return purge_journal(opened().path, *committer_, *retention_, may_rewrite);
  }
  Result<void> add_restore(const Restore& restore) override {
    return committer_->change([&](sql::Database& database) { return insert_restore(database, restore); });
  }
  Result<void> start_restores(WallMs now) override {
    return committer_->change(
        [&](sql::Database& database) { return certspan::start_restores(database, now); });
  }
  Result<std::uint64_t> expire() override {
    const auto go_on = [] { return true; };
    CERTSPAN_TRY(const std::uint64_t refused, retention_->thin_out(go_on));
    CERTSPAN_TRY(const std::uint64_t old, retention_->pass(go_on));
    return refused + old;
  }
  void keep_finished_for(std::chrono::milliseconds retention) override { retention_->keep_for(retention); }
  Result<Compaction> compact(bool may_rewrite) override {
    return compact_journal(opened().path, *committer_, *retention_, may_rewrite);
  }

 private:
  SqliteJournal(OpenedDirectory directory, const Clock& clock)
      : ReadingJournal(std::move(directory), kReaders), clock_(clock), ids_(clock, opened().totals.last_id) {}

  Result<void> start(const JournalOptions& options);

  const Clock& clock_;
  IdSource ids_;
  std::unique_ptr<GroupCommitter> committer_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<GroupWriter> writer_;
  std::unique_ptr<Retention> retention_;
};

Result<std::unique_ptr<Journal>> SqliteJournal::create(OpenedDirectory directory,
                                                       const JournalOptions& options) {
  static const SystemClock machine;
  std::unique_ptr<SqliteJournal> journal(
      new SqliteJournal(std::move(directory), options.clock != nullptr ? *options.clock : machine));
  CERTSPAN_CHECK(journal->start(options));
  return journal;
}

Result<void> SqliteJournal::start(const JournalOptions& options) {
  OpenedDirectory& directory = opened();
  CERTSPAN_TRY(committer_, GroupCommitter::create(std::move(*directory.writing), directory.path,
                                                  directory.totals, clock_, ids_));
  checkpointer_ = std::make_unique<Checkpointer>(std::move(*directory.checkpoints), *committer_);
  directory.writing.reset();
  directory.checkpoints.reset();
  writer_ = std::make_unique<GroupWriter>(*committer_, options.longest_gather,
                                          [this] { checkpointer_->log_grew(); });
  retention_ = std::make_unique<Retention>(*writer_, readers(), clock_, options);
  return {};
}

void SqliteJournal::commit(Transition transition, Committed done) {
  writer_->submit(change_of(std::move(transition), opened().sealer), std::move(done));
}

CommitResult SqliteJournal::note(WorkId id, std::uint32_t epoch, BytesView note) {
  CERTSPAN_FAILPOINT("journal.note.before");
  const CommitResult result = writer_->submit_and_wait(change_of(id, epoch, note));
  CERTSPAN_FAILPOINT("journal.note.after");
  return result;
}

CommitResult SqliteJournal::write(std::vector<StoreWrite> writes) {
  return writer_->submit_and_wait(change_of(std::move(writes)));
}

Result<std::vector<WorkItem>> SqliteJournal::claim_open() {
  std::vector<WorkItem> items;
  const auto read = [&](sql::Database& database) -> Result<void> {
    const auto described = [&](const sql::Failure& f) {
      return tl::unexpected(sql::to_error(f, opened().path));
    };
    auto rows = database.prepare(std::string(kHotColumns) + "ORDER BY id");
    if (!rows) return described(rows.error());
    for (;;) {
      const auto found = rows->step();
      if (!found) return described(found.error());
      if (!*found) return {};
      CERTSPAN_TRY(WorkItem item, read_row(*rows));
      CERTSPAN_CHECK(open_secrets(*rows, opened().sealer, item));
      items.push_back(std::move(item));
    }
  };
  CERTSPAN_CHECK(committer_->claim_open(read));
  return items;
}

}  // namespace

Result<std::vector<WorkItem>> Journal::list(const ItemFilter& filter) {
  std::vector<WorkItem> items;
  ItemRange range;
  range.newest_first = true;
  for (bool more = true; more && items.size() < filter.limit;) {
    CERTSPAN_TRY(ItemPage found, page(filter, range, filter.limit - items.size()));
    items.insert(items.end(), std::make_move_iterator(found.items.begin()),
                 std::make_move_iterator(found.items.end()));
    range.before = found.last;
    more = found.more;
  }
  return items;
}

Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options) {
  if (options.read_only) {
    CERTSPAN_TRY(OpenedDirectory directory,
                 open_for_reading(options.directory, options.secrets ? &options.keys : nullptr));
    return std::make_unique<ReadingJournal>(std::move(directory), 1);
  }
  CERTSPAN_TRY(OpenedDirectory directory, open_for_writing(options.directory, options.keys));
  return SqliteJournal::create(std::move(directory), options);
}

}  // namespace certspan
