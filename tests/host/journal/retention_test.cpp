#include "host/journal/retention.hpp"

#include <sqlite3.h>

#include <thread>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct RetentionFixture {
  TempDir directory;
  ManualClock clock;
  RetentionPace pace;
  std::size_t most_refused = 1'000'000;
  std::unique_ptr<Journal> journal;

  RetentionFixture() { open(); }

  void open() {
    journal.reset();
    JournalOptions options;
    options.directory = directory.path();
    options.clock = &clock;
    options.retention = std::chrono::hours(24 * 30);
    options.retention_pace = pace;
    options.most_refused = most_refused;
    auto opened = open_journal(options);
    REQUIRE(opened);
    journal = std::move(*opened);
  }
  /// A finished item without a certificate of its own, as an embedded CA's is.
  WorkItem finished(std::uint64_t number, ItemState state = ItemState::Done) {
    WorkItem item = issued(fresh_item(journal->next_id(), number));
    item.state = state;
    item.accepted_at = item.changed_at = clock.wall_ms();
    item.certificate.clear();
    return item;
  }
  void keep(const WorkItem& item) {
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
  }
  bool is_there(const WorkItem& item) { return journal->find(item.id)->has_value(); }
  std::uint64_t expire() {
    const auto removed = journal->expire();
    REQUIRE(removed);
    return *removed;
  }
  void run_sql(const char* sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open((directory.path() / "journal.db").c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
  }
  std::uintmax_t size() const {
    return std::filesystem::file_size(directory.path() / "journal.db") +
           std::filesystem::file_size(directory.path() / "journal.db-wal");
  }
};

}  // namespace

TEST_CASE_METHOD(RetentionFixture,
                 "finished items go when they are older than the retention, open ones never") {
  const WorkItem open = fresh_item(journal->next_id(), 1);
  const WorkItem done = finished(2);
  const WorkItem failed = finished(3, ItemState::Failed);
  const WorkItem dead = finished(4, ItemState::Dead);
  for (const WorkItem& item : {open, done, failed, dead}) keep(item);
  clock.set(kStart + 29 * kDay);
  const WorkItem young = finished(5);
  keep(young);
  CHECK(expire() == 0);
  clock.set(kStart + 31 * kDay);
  CHECK(expire() == 3);
  CHECK(is_there(open));
  CHECK(is_there(young));
  for (const WorkItem& gone : {done, failed, dead}) CHECK(!is_there(gone));
  CHECK(!journal->find_by_key(done.key)->has_value());
  CHECK(journal->counts()->ready == 1);
  CHECK(journal->counts()->finished == 1);
  CHECK(journal->counts()->dead == 0);
  CHECK(journal->inspect()->faults.empty());
}

TEST_CASE_METHOD(RetentionFixture, "an item that took long is kept for as long after its end as any other") {
  WorkItem item = fresh_item(journal->next_id(), 1);
  keep(item);
  clock.set(kStart + 20 * kDay);
  WorkItem done = finished(1);
  done.id = item.id;
  REQUIRE(commit_now(*journal, {done, false, {}}) == CommitResult::Committed);
  clock.set(kStart + 40 * kDay);
  CHECK(expire() == 0);
  clock.set(kStart + 51 * kDay);
  CHECK(expire() == 1);
}

TEST_CASE_METHOD(RetentionFixture, "a certificate outlives the retention until it ends") {
  WorkItem good = finished(1);
  good.certificate = Bytes(900, 0x33);
  good.set_label("not_after", "2027-07-01T00:00:00Z");
  WorkItem unknown = finished(2);
  unknown.certificate = Bytes(900, 0x33);
  WorkItem elsewhere = finished(3);
  elsewhere.set_label("not_after", "2027-07-01T00:00:00Z");
  for (const WorkItem& item : {good, unknown, elsewhere}) keep(item);
  clock.set(kStart + 100 * kDay);
  CHECK(expire() == 1);
  CHECK(!is_there(elsewhere));
  CHECK((*journal->find(good.id))->certificate == good.certificate);
  clock.set(kStart + 200 * kDay);
  CHECK(expire() == 1);
  CHECK(is_there(unknown));
  clock.set(kStart + 3700 * kDay);
  CHECK(expire() == 1);
}

TEST_CASE_METHOD(RetentionFixture,
                 "a flood of refused requests leaves the newest of them, and takes nothing else away") {
  most_refused = 300;
  open();
  const WorkItem done = finished(1);
  const WorkItem letter = finished(2, ItemState::Dead);
  WorkItem withheld = finished(3, ItemState::Failed);
  withheld.certificate = Bytes(900, 0x33);
  for (const WorkItem& item : {done, letter, withheld}) keep(item);
  std::vector<Transition> flood;
  for (std::uint64_t n = 0; n < 900; ++n) flood.push_back({finished(1000 + n, ItemState::Failed), true, {}});
  const WorkItem last_to_go = flood[599].item;
  const WorkItem first_to_stay = flood[600].item;
  commit_together(*journal, std::move(flood));
  CHECK(expire() == 600);
  CHECK(!is_there(last_to_go));
  for (const WorkItem& there : {first_to_stay, done, letter, withheld}) CHECK(is_there(there));
  CHECK(expire() == 0);
  CHECK(journal->counts()->finished == 302);
  CHECK(journal->inspect()->faults.empty());
}

TEST_CASE_METHOD(RetentionFixture, "a flood is watched for between the looks for what is old") {
  most_refused = 10;
  pace.watch = std::chrono::milliseconds(1);
  open();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::uint64_t number = 0;
  for (; number < 200; ++number) keep(finished(number, ItemState::Failed));
  while (journal->counts()->finished > 10 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  CHECK(journal->counts()->finished == 10);
}

TEST_CASE_METHOD(RetentionFixture, "a changed retention holds from the next look on") {
  keep(finished(1));
  clock.set(kStart + 10 * kDay);
  CHECK(expire() == 0);
  journal->keep_finished_for(std::chrono::hours(24 * 5));
  CHECK(expire() == 1);
}

TEST_CASE_METHOD(RetentionFixture, "a journal does by itself what it is not told to, while work goes on") {
  for (std::uint64_t n = 0; n < 300; ++n) keep(finished(n));
  clock.set(kStart + 31 * kDay);
  pace = {std::chrono::milliseconds(0), std::chrono::milliseconds(1), std::chrono::milliseconds(0)};
  open();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::uint64_t number = 1000;
  while (journal->find_by_key(key_of(299))->has_value() && std::chrono::steady_clock::now() < deadline) {
    keep(finished(++number));
  }
  CHECK(!journal->find_by_key(key_of(0))->has_value());
  CHECK(!journal->find_by_key(key_of(299))->has_value());
  CHECK(journal->counts()->finished == number - 1000);
  open();
  CHECK(journal->counts()->finished == number - 1000);
}

TEST_CASE_METHOD(RetentionFixture,
                 "years of items that come and go leave the file as large as a few months do") {
  std::uintmax_t largest_at_first = 0;
  std::uint64_t number = 0;
  for (int month = 0; month < 12; ++month) {
    clock.set(kStart + month * 31 * kDay);
    std::vector<Transition> transitions;
    for (int i = 0; i < 400; ++i) transitions.push_back({finished(++number), true, {}});
    commit_together(*journal, std::move(transitions));
    if (month > 0) CHECK(expire() == 400);
    REQUIRE(journal->compact(false));
    if (month == 2) largest_at_first = size();
    if (month > 2) CHECK(size() <= largest_at_first + largest_at_first / 20);
  }
  CHECK(journal->inspect()->faults.empty());
}

TEST_CASE_METHOD(RetentionFixture,
                 "a retention's worth of items that others replace grows by less than 1 MB for 100,000") {
  constexpr int kEachDay = 100;
  constexpr int kFirstDay = 60;
  constexpr int kLastDay = 200;
  constexpr std::uintmax_t kAllowed = 1'000'000 / (100'000 / ((kLastDay - kFirstDay) * kEachDay));
  std::uintmax_t largest_at_first = 0;
  std::uintmax_t largest = 0;
  std::uint64_t number = 0;
  for (int day = 0; day < kLastDay; ++day) {
    clock.set(kStart + day * kDay);
    std::vector<Transition> transitions;
    for (int i = 0; i < kEachDay; ++i) transitions.push_back({finished(++number), true, {}});
    commit_together(*journal, std::move(transitions));
    expire();
    auto& seen = day < kFirstDay ? largest_at_first : largest;
    // The log beside it has a size of its own, at which it begins anew.
    seen = std::max(seen, std::filesystem::file_size(directory.path() / "journal.db"));
  }
  CHECK(journal->counts()->finished == 31 * kEachDay);
  CHECK(largest <= largest_at_first + kAllowed);
}

TEST_CASE_METHOD(RetentionFixture,
                 "room that finished items took goes back to the disk, without and with a rewrite") {
  for (int i = 0; i < 40; ++i) {
    std::vector<Transition> transitions;
    for (int j = 0; j < 100; ++j) {
      transitions.push_back(
          {finished(static_cast<std::uint64_t>(i) * 100 + static_cast<std::uint64_t>(j)), true, {}});
    }
    commit_together(*journal, std::move(transitions));
  }
  const WorkItem open_item = fresh_item(journal->next_id(), 99'999);
  keep(open_item);
  if (GENERATE(false, true)) {
    journal.reset();
    // As an older certspan made it; it is small enough to be written anew at the next start.
    run_sql("PRAGMA journal_mode=DELETE; PRAGMA auto_vacuum=NONE; VACUUM");
    open();
  }
  clock.set(kStart + 31 * kDay);
  CHECK(expire() == 4000);
  const auto sizes = journal->compact(false);
  REQUIRE(sizes);
  CHECK(sizes->before_bytes > 1'500'000);
  CHECK(sizes->after_bytes < 200'000);
  CHECK(size() == sizes->after_bytes);
  CHECK((*journal->find(open_item.id))->request == open_item.request);
  keep(finished(100'000));
  CHECK(journal->inspect()->faults.empty());
}

TEST_CASE_METHOD(RetentionFixture,
                 "a large file that can't shrink is written anew when nobody waits for it") {
  const WorkItem item = finished(1);
  keep(item);
  journal.reset();
  run_sql(
      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA auto_vacuum=NONE; VACUUM;"
      "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)"
      " INSERT INTO store (connector, key, revision, value)"
      " SELECT 'ca', CAST(i AS BLOB), 1, zeroblob(60000) FROM n;"
      "DELETE FROM store");
  open();
  const auto running = journal->compact(false);
  REQUIRE(!running);
  CHECK(running.error().code == "journal.compact_offline");
  const auto sizes = journal->compact(true);
  REQUIRE(sizes);
  CHECK(sizes->before_bytes > 64 * 1024 * 1024);
  CHECK(sizes->after_bytes < 200'000);
  CHECK(is_there(item));
  CHECK(journal->compact(false));
}

TEST_CASE_METHOD(RetentionFixture, "a journal opened for reading neither removes nor compacts") {
  keep(finished(1));
  journal.reset();
  clock.set(kStart + 31 * kDay);
  const auto reading = opened(directory.path(), clock, true);
  CHECK(!reading->expire());
  CHECK(!reading->compact(true));
  CHECK(reading->inspect()->finished == 1);
}
