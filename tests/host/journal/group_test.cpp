#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

std::unique_ptr<Journal> opened_with_window(const TempDir& directory, const Clock& clock,
                                            std::chrono::microseconds window) {
  JournalOptions options;
  options.directory = directory.path();
  options.clock = &clock;
  options.longest_gather = window;
  auto journal = open_journal(options);
  REQUIRE(journal);
  return std::move(*journal);
}

}  // namespace

TEST_CASE("a lone commit waits for nobody") {
  TempDir directory;
  ManualClock clock;
  const auto journal = opened_with_window(directory, clock, std::chrono::minutes(10));
  for (std::uint64_t n = 0; n < 10; ++n) {
    REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), n), true, {}}) == CommitResult::Committed);
  }
}

TEST_CASE("many commits at once share syncs, and each caller hears once") {
  constexpr std::uint64_t kThreads = 16;
  constexpr std::uint64_t kEach = 20;
  TempDir directory;
  ManualClock clock;
  FaultVfs disk;
  std::atomic<int> syncs{0};
  const auto journal = opened_with_window(directory, clock, std::chrono::milliseconds(2));
  disk.before_sync([&](const auto&) { ++syncs; });
  disk.delay_syncs(std::chrono::milliseconds(2));
  std::atomic<int> committed{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t n = 0; n < kEach; ++n) {
        const std::uint64_t number = t * kEach + n;
        const WorkItem item = fresh_item(journal->next_id(), number);
        if (commit_now(*journal, {item, true, {}}) == CommitResult::Committed) ++committed;
        if (!journal->find_by_key(item.key)->has_value()) committed = -1'000'000;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(committed == static_cast<int>(kThreads * kEach));
  CHECK(syncs < static_cast<int>(kThreads * kEach / 3));
  CHECK(journal->counts()->ready == kThreads * kEach);
}

TEST_CASE("what is queued when the journal closes is committed") {
  TempDir directory;
  ManualClock clock;
  std::atomic<int> committed{0};
  {
    const auto journal = opened(directory.path(), clock);
    for (std::uint64_t n = 0; n < 300; ++n) {
      journal->commit({fresh_item(journal->next_id(), n), true, {}},
                      [&](CommitResult result) { committed += result == CommitResult::Committed ? 1 : 0; });
    }
  }
  CHECK(committed == 300);
  CHECK(opened(directory.path(), clock)->counts()->ready == 300);
}

TEST_CASE("commits, notes, reads and a claim at the same time end well") {
  TempDir directory;
  ManualClock clock;
  const auto journal = opened(directory.path(), clock);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t n = 0; n < 60; ++n) {
        const WorkItem item = fresh_item(journal->next_id(), t * 1000 + n);
        if (commit_now(*journal, {item, true, {}}) != CommitResult::Committed) ++wrong;
        const CommitResult noted = journal->note(item.id, item.epoch, Bytes{1});
        const CommitResult done = commit_now(*journal, {issued(item), false, {}});
        for (const CommitResult result : {noted, done}) {
          if (result != CommitResult::Committed && result != CommitResult::StaleEpoch) ++wrong;
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) {
      if (!journal->list({}) || !journal->search("device 10", 5) || !journal->counts()) ++wrong;
    }
  });
  threads.emplace_back([&] {
    for (int n = 0; n < 3; ++n) {
      if (!journal->claim_open()) ++wrong;
    }
  });
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (i == 3) continue;
    threads[i].join();
  }
  stop = true;
  threads[3].join();
  CHECK(wrong == 0);
}

TEST_CASE("the log is moved into the database while commits go on, and stays bounded") {
  TempDir directory;
  ManualClock clock;
  const auto journal = opened(directory.path(), clock);
  const auto log = directory.path() / "journal.db-wal";
  const std::string value(64 * 1024, 'v');
  std::uintmax_t largest = 0;
  for (int n = 0; n < 100; ++n) {
    std::vector<StoreWrite> writes;
    for (int m = 0; m < 16; ++m) {
      writes.push_back(store_write("ca", std::to_string(m), StoreWrite::kAnyRevision, value));
    }
    REQUIRE(journal->write(std::move(writes)) == CommitResult::Committed);
    largest = std::max(largest, std::filesystem::file_size(log));
  }
  // 100 MiB were written through it.
  CHECK(largest < std::uintmax_t{80} * 1024 * 1024);
  CHECK(std::filesystem::file_size(directory.path() / "journal.db") < std::uintmax_t{8} * 1024 * 1024);
}
