#include "host/journal/reading_journal.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/inspection.hpp"
#include "host/journal/restores.hpp"
#include "host/journal/snapshot.hpp"

namespace certspan {
namespace {

/// Records of a scan that are read at a time, so that no connection is held while calling out.
constexpr std::size_t kPage = 64;

tl::unexpected<Error> only_reading() {
  return fail(Outcome::Unsupported, "journal.read_only", "the journal was opened for reading only");
}

}  // namespace

ReadingJournal::ReadingJournal(OpenedDirectory opened, std::size_t readers)
    : opened_(std::move(opened)), readers_(opened_.path, opened_.read_mode, readers, opened_.sealer) {}

void ReadingJournal::commit(Transition, Committed done) {
  done(CommitResult::Refused);
}

CommitResult ReadingJournal::note(WorkId, std::uint32_t, BytesView) {
  return CommitResult::Refused;
}

CommitResult ReadingJournal::write(std::vector<StoreWrite>) {
  return CommitResult::Refused;
}

Result<std::optional<WorkItem>> ReadingJournal::find_by_key(const ItemKey& key) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->find_by_key(key);
}

Result<std::optional<WorkItem>> ReadingJournal::find_by_poll_key(const ItemKey& poll_key,
                                                                 std::string_view transaction_id) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->find_by_poll_key(poll_key, transaction_id);
}

Result<std::optional<WorkItem>> ReadingJournal::find(WorkId id) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->find(id);
}

Result<std::vector<WorkItem>> ReadingJournal::search(std::string_view text, std::size_t limit) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->search(text, limit);
}

Result<ItemPage> ReadingJournal::page(const ItemFilter& filter, const ItemRange& range, std::size_t limit) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->page(filter, range, limit);
}

Result<std::vector<WorkItem>> ReadingJournal::claim_open() {
  return only_reading();
}

Result<std::optional<StoreRecord>> ReadingJournal::store_get(std::string_view connector, BytesView key) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->store_get(connector, key);
}

Result<void> ReadingJournal::store_scan(std::string_view connector, BytesView prefix, BytesView after,
                                        std::size_t limit,
                                        const std::function<bool(const StoreRecord&)>& visit) {
  Bytes last = copy_of(after);
  while (limit > 0) {
    std::vector<StoreRecord> page;
    const std::size_t wanted = std::min(limit, kPage);
    {
      CERTSPAN_TRY(auto reader, readers_.lease());
      CERTSPAN_TRY(page, reader->store_page(connector, prefix, last, wanted));
    }
    for (const StoreRecord& record : page) {
      if (!visit(record)) return {};
    }
    if (page.size() < wanted) return {};
    limit -= page.size();
    last = std::move(page.back().key);
  }
  return {};
}

WorkId ReadingJournal::next_id() {
  return WorkId{opened_.totals.last_id + 1};
}

WallMs ReadingJournal::newest_record() {
  return opened_.totals.newest;
}

Result<void> ReadingJournal::accept_clock() {
  return only_reading();
}

Result<Journal::Counts> ReadingJournal::counts() {
  return counts_of(opened_.totals.counts);
}

Result<Journal::Inspection> ReadingJournal::inspect() {
  // Not one of the readers', which others wait for.
  auto database = sql::Database::open(opened_.path, opened_.read_mode);
  if (!database) return tl::unexpected(sql::to_error(database.error(), opened_.path));
  return inspect_journal(*database, opened_.path, opened_.sealer);
}

Result<AuditHead> ReadingJournal::audit_head() {
  return opened_.totals.audit;
}

Result<AuditPage> ReadingJournal::audit_page(WorkId after, std::size_t limit) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->audit_page(after, limit);
}

Result<std::vector<AuditGap>> ReadingJournal::audit_gaps(std::uint64_t after, std::size_t limit) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->audit_gaps(after, limit);
}

Result<std::vector<AuditRecord>> ReadingJournal::audit_erasures(std::uint64_t after, std::size_t limit) {
  CERTSPAN_TRY(auto reader, readers_.lease());
  return reader->audit_erasures(after, limit);
}

Result<std::uint64_t> ReadingJournal::erase(const ErasureOrder&) {
  return only_reading();
}

Result<Journal::Purge> ReadingJournal::purge(bool) {
  return only_reading();
}

Result<void> ReadingJournal::snapshot(const std::filesystem::path& to) {
  return write_snapshot(opened_.path, opened_.read_mode, to);
}

Result<std::vector<Restore>> ReadingJournal::restores() {
  auto database = sql::Database::open(opened_.path, opened_.read_mode);
  if (!database) return tl::unexpected(sql::to_error(database.error(), opened_.path));
  auto restores = read_restores(*database);
  if (!restores) return tl::unexpected(sql::to_error(restores.error(), opened_.path));
  return std::move(*restores);
}

Result<void> ReadingJournal::add_restore(const Restore&) {
  return only_reading();
}

Result<void> ReadingJournal::start_restores(WallMs) {
  return only_reading();
}

Result<std::uint64_t> ReadingJournal::expire() {
  return only_reading();
}

void ReadingJournal::keep_finished_for(std::chrono::milliseconds) {}

Result<Journal::Compaction> ReadingJournal::compact(bool) {
  return only_reading();
}

}  // namespace certspan
