#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

constexpr std::uint64_t kItems = 4;

/// Commits kItems items, one after the other; the results by number.
std::vector<CommitResult> commit_items(Journal& journal) {
  std::vector<CommitResult> results;
  for (std::uint64_t number = 0; number < kItems; ++number) {
    const WorkItem item = fresh_item(journal.next_id(), number);
    results.push_back(commit_now(journal, {item, true, {store_write("ca", std::to_string(number), 0, "x")}}));
  }
  return results;
}

void check_committed_are_there(Journal& journal, const std::vector<CommitResult>& results) {
  for (std::uint64_t number = 0; number < results.size(); ++number) {
    if (results[number] != CommitResult::Committed) continue;
    const auto found = journal.find_by_key(key_of(number));
    REQUIRE(found);
    CHECK(found->has_value());
  }
}

}  // namespace

TEST_CASE("after a failed write or sync nothing is committed any more, and what was before is kept") {
  const auto operation = GENERATE(FaultVfs::Operation::Write, FaultVfs::Operation::Sync);
  bool met = true;
  for (int nth = 1; met; ++nth) {
    CAPTURE(nth);
    TempDir directory;
    ManualClock clock;
    FaultVfs disk;
    std::vector<CommitResult> results;
    {
      auto journal = opened(directory.path(), clock);
      const int before = disk.met();
      disk.fail(operation, nth, FaultVfs::Fault::InputOutput);
      results = commit_items(*journal);
      met = disk.met() > before;
      const auto failed = std::find(results.begin(), results.end(), CommitResult::Failed);
      CHECK((failed != results.end()) == met);
      CHECK(std::all_of(results.begin(), failed, [](auto r) { return r == CommitResult::Committed; }));
      CHECK(std::all_of(failed, results.end(), [](auto r) { return r == CommitResult::Failed; }));
      if (met) {
        CHECK(journal->note(WorkId{1}, 0, Bytes{1}) == CommitResult::Failed);
        CHECK(!journal->claim_open());
        CHECK(!journal->accept_clock());
      }
    }
    disk.heal();
    check_committed_are_there(*opened(directory.path(), clock), results);
  }
}

TEST_CASE("a full disk refuses commits, loses nothing, and work goes on when there is room") {
  bool met = true;
  for (int nth = 1; met; ++nth) {
    CAPTURE(nth);
    TempDir directory;
    ManualClock clock;
    FaultVfs disk;
    std::vector<CommitResult> results;
    {
      auto journal = opened(directory.path(), clock);
      const int before = disk.met();
      disk.fail(FaultVfs::Operation::Write, nth, FaultVfs::Fault::NoSpace);
      results = commit_items(*journal);
      met = disk.met() > before;
      for (std::uint64_t number = 0; number < kItems; ++number) {
        const auto found = journal->find_by_key(key_of(number));
        REQUIRE(found);
        CHECK(found->has_value() == (results[number] == CommitResult::Committed));
        CHECK((results[number] == CommitResult::Committed || results[number] == CommitResult::Refused));
      }
      disk.heal();
      const WorkItem late = fresh_item(journal->next_id(), 999);
      CHECK(commit_now(*journal, {late, true, {}}) == CommitResult::Committed);
    }
    auto journal = opened(directory.path(), clock);
    check_committed_are_there(*journal, results);
    CHECK(*journal->find_by_key(key_of(999)));
    for (std::uint64_t number = 0; number < kItems; ++number) {
      if (results[number] == CommitResult::Refused) CHECK(!*journal->find_by_key(key_of(number)));
    }
  }
}

TEST_CASE("a refused commit is not there after a power cut that keeps every half-written byte") {
  bool met = true;
  for (int nth = 1; met; ++nth) {
    CAPTURE(nth);
    TempDir directory;
    TempDir after;
    ManualClock clock;
    std::vector<CommitResult> results;
    {
      FaultVfs disk;
      auto journal = opened(directory.path(), clock);
      const int before = disk.met();
      disk.fail(FaultVfs::Operation::Write, nth, FaultVfs::Fault::NoSpace);
      results = commit_items(*journal);
      met = disk.met() > before;
      disk.survive(after.path(), FaultVfs::Cut::KeepsAll);
      disk.heal();
    }
    std::filesystem::copy_file(directory.path() / "journal.key", after.path() / "journal.key");
    auto journal = opened(after.path(), clock);
    for (std::uint64_t number = 0; number < kItems; ++number) {
      const auto found = journal->find_by_key(key_of(number));
      REQUIRE(found);
      CHECK(found->has_value() == (results[number] == CommitResult::Committed));
    }
  }
}

TEST_CASE("a journal on a disk that fails or is full does not open, and says so") {
  ManualClock clock;
  for (const auto fault : {FaultVfs::Fault::InputOutput, FaultVfs::Fault::NoSpace}) {
    bool met = true;
    for (int nth = 1; met; ++nth) {
      CAPTURE(nth);
      TempDir directory;
      FaultVfs disk;
      disk.fail(FaultVfs::Operation::Write, nth, fault);
      const std::string code = opening_error(directory.path());
      met = disk.met() > 0;
      if (code.empty()) continue;
      CHECK(code == (fault == FaultVfs::Fault::NoSpace ? "journal.full" : "journal.io"));
      disk.heal();
      CHECK(opening_error(directory.path()).empty());
    }
  }
}
