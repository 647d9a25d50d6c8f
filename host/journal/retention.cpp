#include "host/journal/retention.hpp"

#include <algorithm>
#include <utility>

#include "host/base/wall_text.hpp"
#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

/// Rows that one step looks at, and removes at most. A removal touches a page of each index.
constexpr std::size_t kLooked = 256;
constexpr std::size_t kRemoved = 64;

/// Pages that stay in the file for what comes next; giving them back only to take them again would cost more.
constexpr std::int64_t kLeastReserve = 1024;
constexpr std::int64_t kReservedPart = 8;

constexpr std::chrono::hours kUnknownEnd{24 * 366 * 10};

WallMs certificate_end(const WorkItem& item) {
  if (item.certificate.empty()) return 0;
  const auto told = read_wall_text(item.label(kEndLabel));
  return told ? *told : item.changed_at + std::chrono::milliseconds(kUnknownEnd).count();
}

}  // namespace

bool outlived(const WorkItem& item, std::chrono::milliseconds retention, WallMs now) {
  return !is_open(item.state) && item.changed_at < now - retention.count() && certificate_end(item) < now;
}

Retention::Retention(GroupWriter& writer, ReaderPool& readers, const Clock& clock,
                     const JournalOptions& options)
    : writer_(writer),
      readers_(readers),
      clock_(clock),
      pace_(options.retention_pace),
      most_refused_(options.most_refused),
      keep_(options.retention) {
  thread_ = std::thread([this] { run(); });
}

Retention::~Retention() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void Retention::run() {
  using std::chrono::steady_clock;
  auto due = steady_clock::now() + pace_.first;
  while (wait(std::min(pace_.first, pace_.watch))) {
    // A failure to read or write is told where it stops enrolments; the next time tries again.
    static_cast<void>(thin_out([this] { return wait(pace_.pause); }));
    if (steady_clock::now() < due) continue;
    remove_and_shrink();
    due = steady_clock::now() + pace_.every;
  }
}

void Retention::remove_and_shrink() {
  const auto go_on = [this] { return wait(pace_.pause); };
  if (!pass(go_on)) return;
  auto reader = readers_.lease();
  if (!reader) return;
  const auto space = (*reader)->space();
  if (space) static_cast<void>(give_back(std::max(kLeastReserve, space->pages / kReservedPart), go_on));
}

bool Retention::wait(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!stopping_ && wake_.wait_until(lock, end)) {
  }
  return !stopping_;
}

Result<std::uint64_t> Retention::pass(const GoOn& go_on) {
  std::uint64_t removed = 0;
  WorkId after{};
  do {
    const std::chrono::milliseconds keep = keep_;
    const WallMs now = clock_.wall_ms();
    ItemReader::FinishedPage page;
    {
      CERTSPAN_TRY(auto reader, readers_.lease());
      CERTSPAN_TRY(page,
                   reader->finished_page(after, now - keep.count(), {kLooked, kRemoved},
                                         [&](const WorkItem& item) { return outlived(item, keep, now); }));
    }
    after = page.last;
    removed += page.wanted.size();
    if (!page.wanted.empty()) {
      Change change;
      change.expired = std::move(page.wanted);
      CERTSPAN_CHECK(commit(std::move(change)));
    }
    if (!page.more) break;
  } while (go_on());
  return removed;
}

Result<std::uint64_t> Retention::thin_out(const GoOn& go_on) {
  std::uint64_t removed = 0;
  WorkId after{};
  for (bool more = true; more && (removed == 0 || go_on());) {
    ItemReader::FinishedPage page;
    {
      CERTSPAN_TRY(auto reader, readers_.lease());
      CERTSPAN_TRY(page, reader->refused_page(after, most_refused_, {kLooked, kLooked},
                                              [](const WorkItem& item) { return item.certificate.empty(); }));
    }
    after = page.last;
    more = page.more;
    removed += page.wanted.size();
    if (page.wanted.empty()) continue;
    Change change;
    change.expired = std::move(page.wanted);
    CERTSPAN_CHECK(commit(std::move(change)));
  }
  return removed;
}

Result<void> Retention::give_back(std::int64_t reserve, const GoOn& go_on) {
  std::int64_t before = INT64_MAX;
  do {
    ItemReader::Space space;
    {
      CERTSPAN_TRY(auto reader, readers_.lease());
      CERTSPAN_TRY(space, reader->space());
    }
    if (space.free_pages <= reserve || space.free_pages >= before) break;
    before = space.free_pages;
    Change change;
    change.gives_back = true;
    CERTSPAN_CHECK(commit(std::move(change)));
  } while (go_on());
  return {};
}

Result<void> Retention::commit(Change change) {
  switch (writer_.submit_and_wait(std::move(change))) {
    case CommitResult::Committed:
      return {};
    case CommitResult::Failed:
      return fail(Outcome::Internal, "journal.io", "the journal failed: restart the host");
    default:
      return fail(Outcome::Unavailable, "journal.full", "no room in the journal: make room on its disk");
  }
}

}  // namespace certspan
