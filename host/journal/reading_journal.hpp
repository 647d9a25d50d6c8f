#pragma once

#include "host/journal/journal.hpp"
#include "host/journal/opening.hpp"
#include "host/journal/reader_pool.hpp"

namespace certspan {

/// A journal as far as it is read. By itself it is what the command line opens while no host runs: whatever
/// would write is refused. Thread-safe.
class ReadingJournal : public Journal {
 public:
  ReadingJournal(OpenedDirectory opened, std::size_t readers);

  void commit(Transition transition, Committed done) override;
  CommitResult note(WorkId id, std::uint32_t epoch, BytesView note) override;
  CommitResult write(std::vector<StoreWrite> writes) override;

  Result<std::optional<WorkItem>> find_by_key(const ItemKey& key) override;
  Result<std::optional<WorkItem>> find_by_poll_key(const ItemKey& poll_key,
                                                   std::string_view transaction_id) override;
  Result<std::optional<WorkItem>> find(WorkId id) override;
  Result<std::vector<WorkItem>> search(std::string_view text, std::size_t limit) override;
  Result<ItemPage> page(const ItemFilter& filter, const ItemRange& range, std::size_t limit) override;
  Result<std::vector<WorkItem>> claim_open() override;

  Result<std::optional<StoreRecord>> store_get(std::string_view connector, BytesView key) override;
  Result<void> store_scan(std::string_view connector, BytesView prefix, BytesView after, std::size_t limit,
                          const std::function<bool(const StoreRecord&)>& visit) override;

  WorkId next_id() override;
  WallMs newest_record() override;
  Result<void> accept_clock() override;
  Result<Counts> counts() override;
  Result<Inspection> inspect() override;
  std::string key_mark() override { return opened_.sealer.mark(); }
  Result<AuditHead> audit_head() override;
  Result<AuditPage> audit_page(WorkId after, std::size_t limit) override;
  Result<std::vector<AuditGap>> audit_gaps(std::uint64_t after, std::size_t limit) override;
  Result<std::vector<AuditRecord>> audit_erasures(std::uint64_t after, std::size_t limit) override;
  Result<std::uint64_t> erase(const ErasureOrder& order) override;
  Result<Purge> purge(bool may_rewrite) override;
  Result<void> snapshot(const std::filesystem::path& to) override;
  Result<std::vector<Restore>> restores() override;
  Result<void> add_restore(const Restore& restore) override;
  Result<void> start_restores(WallMs now) override;
  Result<std::uint64_t> expire() override;
  void keep_finished_for(std::chrono::milliseconds retention) override;
  Result<Compaction> compact(bool may_rewrite) override;

 protected:
  OpenedDirectory& opened() { return opened_; }
  ReaderPool& readers() { return readers_; }

 private:
  OpenedDirectory opened_;
  ReaderPool readers_;
};

}  // namespace certspan
