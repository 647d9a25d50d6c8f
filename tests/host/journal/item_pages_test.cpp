#include "host/journal/item_pages.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct PagesFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  WorkItem accept(std::uint64_t number) {
    WorkItem item = fresh_item(journal->next_id(), number);
    item.accepted_at = clock.wall_ms();
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
    return item;
  }
  void finish(const WorkItem& item, ItemState state = ItemState::Done) {
    WorkItem done = issued(item);
    done.state = state;
    done.set_label("serial", "0a:" + std::to_string(static_cast<std::uint64_t>(item.id) % 90 + 10));
    REQUIRE(commit_now(*journal, {done, false, {}}) == CommitResult::Committed);
  }
  ItemPage page(const ItemFilter& filter, const ItemRange& range, std::size_t limit) {
    auto page = journal->page(filter, range, limit);
    REQUIRE(page);
    return std::move(*page);
  }
  /// Everything that the filter takes, read `limit` at a time; `between` is called after each page.
  std::vector<WorkId> all(const ItemFilter& filter, std::size_t limit, bool newest_first = false,
                          const std::function<void()>& between = {}) {
    std::vector<WorkId> ids;
    ItemRange range;
    range.before = journal->next_id();
    range.newest_first = newest_first;
    for (bool more = true; more;) {
      const ItemPage found = page(filter, range, limit);
      for (const WorkItem& item : found.items) ids.push_back(item.id);
      (newest_first ? range.before : range.after) = found.last;
      more = found.more;
      if (between) between();
    }
    return ids;
  }
};

}  // namespace

TEST_CASE_METHOD(PagesFixture,
                 "open and finished items are read by their ids, each once, in both directions") {
  std::vector<WorkId> ids;
  std::vector<WorkItem> items;
  for (std::uint64_t n = 0; n < 20; ++n) ids.push_back(items.emplace_back(accept(n)).id);
  for (std::size_t i = 0; i < 20; i += 3) finish(items[i], i % 2 == 0 ? ItemState::Done : ItemState::Dead);
  for (const std::size_t limit : {1u, 3u, 20u, 100u}) {
    CHECK(all({}, limit) == ids);
    CHECK(all({}, limit, true) == std::vector<WorkId>(ids.rbegin(), ids.rend()));
  }
}

TEST_CASE_METHOD(PagesFixture,
                 "who reads while items finish and come meets each once, and none that came later") {
  std::vector<WorkId> ids;
  std::vector<WorkItem> items;
  for (std::uint64_t n = 0; n < 12; ++n) ids.push_back(items.emplace_back(accept(n)).id);
  std::uint64_t next = 0;
  const auto found = all({}, 2, false, [&] {
    if (next < 6) {
      finish(items[next]);
      finish(items[next + 6]);
    }
    accept(100 + next++);
  });
  CHECK(found == ids);
}

TEST_CASE_METHOD(PagesFixture, "a page ends after so many rows, whether it found anything or not") {
  const WorkItem first = accept(1);
  std::vector<Transition> many;
  for (std::uint64_t n = 10; n < 6010; ++n) {
    many.push_back({issued(fresh_item(journal->next_id(), n)), true, {}});
  }
  commit_together(*journal, std::move(many));
  ItemFilter filter;
  filter.subject = "cn=device 1,";
  const ItemPage nothing = page(filter, {.newest_first = true}, 10);
  CHECK(nothing.items.empty());
  CHECK(nothing.more);
  CHECK(all(filter, 10, true) == std::vector{first.id});
  REQUIRE(journal->list(filter));
  CHECK(journal->list(filter)->size() == 1);
}

TEST_CASE_METHOD(PagesFixture, "what is indexed is found by its index and compared as a whole") {
  const WorkItem a = accept(1);
  const WorkItem b = accept(2);
  finish(a);
  finish(b, ItemState::Failed);
  const std::string serial = journal->find(a.id)->value().labels.back().second;
  ItemFilter filter;
  filter.serial = "a" + serial.substr(3);
  CHECK(all(filter, 10) == std::vector{a.id});
  filter.transaction_id = "txn-1";
  filter.state = ItemState::Done;
  CHECK(all(filter, 10) == std::vector{a.id});
  filter.state = ItemState::Failed;
  CHECK(all(filter, 10).empty());
  filter.serial = {};
  filter.transaction_id = "txn-2";
  CHECK(all(filter, 10) == std::vector{b.id});
}

TEST_CASE_METHOD(PagesFixture, "the ends of a time are the items' own times, to the millisecond") {
  const WallMs start = clock.wall_ms();
  std::vector<WorkId> ids;
  for (std::uint64_t n = 0; n < 5; ++n) {
    clock.set(start + static_cast<WallMs>(n));
    ids.push_back(accept(n).id);
  }
  ItemFilter filter;
  filter.since = start + 1;
  filter.until = start + 3;
  CHECK(all(filter, 10) == std::vector{ids[1], ids[2]});
  // The clock was put back: ids go on rising.
  clock.set(start - 60'000);
  const WorkId early = accept(9).id;
  filter.since = start - 60'000;
  filter.until = start - 59'999;
  CHECK(all(filter, 10) == std::vector{early});
}

TEST_CASE_METHOD(PagesFixture, "pages hold no secrets") {
  accept(1);
  const ItemPage found = page({}, {}, 10);
  REQUIRE(found.items.size() == 1);
  CHECK(found.items.front().request.empty());
  CHECK(!found.more);
}
