#include "host/journal/erasing.hpp"

#include <utility>

#include "host/journal/compaction.hpp"
#include "host/journal/schema.hpp"

namespace certspan {
namespace {

/// What one step takes: its items and the record of it go and come in one transaction.
constexpr std::size_t kStep = 256;

Result<void> expect_committed(CommitResult result) {
  switch (result) {
    case CommitResult::Committed:
      return {};
    case CommitResult::Failed:
      return fail(Outcome::Internal, "journal.io", "the journal failed: restart the host and erase again");
    default:
      return fail(Outcome::Unavailable, "journal.full",
                  "no room in the journal: make room on its disk and erase again");
  }
}

Result<bool> is_small(sql::Database& own, const std::string& path) {
  const auto pages = own.number("PRAGMA page_count");
  if (!pages) return tl::unexpected(sql::to_error(pages.error(), path));
  const auto page = own.number("PRAGMA page_size");
  if (!page) return tl::unexpected(sql::to_error(page.error(), path));
  return *pages * *page <= kSmallFile;
}

}  // namespace

Result<std::uint64_t> erase_items(const ErasureOrder& order, WorkId end, ReaderPool& readers,
                                  GroupWriter& writer, const Clock& clock) {
  ItemFilter filter = order.filter;
  filter.open = false;
  ItemRange range;
  range.before = end;
  std::uint64_t erased = 0;
  for (bool more = true; more;) {
    ItemPage page;
    {
      CERTSPAN_TRY(auto reader, readers.lease());
      CERTSPAN_TRY(page, reader->page(filter, range, kStep));
    }
    range.after = page.last;
    more = page.more;
    if (page.items.empty()) continue;
    Change change;
    change.erasure.emplace();
    change.erasure->record = {clock.wall_ms(), order.who, order.reason, 0, {}};
    for (const WorkItem& item : page.items) change.erasure->items.push_back(item.id);
    erased += page.items.size();
    CERTSPAN_CHECK(expect_committed(writer.submit_and_wait(std::move(change))));
  }
  return erased;
}

Result<Journal::Purge> purge_journal(const std::string& path, GroupCommitter& committer, Retention& retention,
                                     bool may_rewrite) {
  auto own = sql::Database::open(path, sql::OpenMode::ReadWrite);
  if (!own) return tl::unexpected(sql::to_error(own.error(), path));
  CERTSPAN_CHECK(set_up_writing(*own, path));
  // First the pages that are free; of what then is left some may hold an older content beside their own.
  CERTSPAN_CHECK(retention.give_back(0, [] { return true; }));
  CERTSPAN_TRY(const bool small, is_small(*own, path));
  Journal::Purge purge;
  purge.rewritten = small || may_rewrite;
  if (purge.rewritten) {
    CERTSPAN_CHECK(between_commits(path, committer, [&] { return rewrite(*own); }));
  }
  CERTSPAN_TRY(const bool emptied, give_log_back(*own, path, committer));
  if (emptied) return purge;
  return fail(Outcome::Unavailable, "journal.locked",
              "the journal's log is being read and can't be emptied now: it may still hold what was erased; "
              "erase again");
}

}  // namespace certspan
