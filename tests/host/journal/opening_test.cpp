#include <sqlite3.h>

#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "host/journal/schema.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

void run_sql(const std::filesystem::path& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

/// A journal with some items that was closed in order.
void make_journal(const std::filesystem::path& directory) {
  ManualClock clock;
  auto journal = opened(directory, clock);
  for (std::uint64_t n = 0; n < 50; ++n) {
    WorkItem item = fresh_item(journal->next_id(), n);
    REQUIRE(commit_now(*journal, {n % 2 == 0 ? item : issued(item), true, {}}) == CommitResult::Committed);
  }
}

struct OpeningFixture {
  TempDir directory;
  std::filesystem::path database = directory.path() / "journal.db";
};

}  // namespace

TEST_CASE_METHOD(OpeningFixture, "a journal of a newer program is left alone") {
  make_journal(directory.path());
  run_sql(database, "PRAGMA user_version = 99");
  CHECK(opening_error(directory.path()) == "journal.newer_schema");
  CHECK(opening_error(directory.path(), true) == "journal.newer_schema");
  run_sql(database, ("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
  CHECK(opening_error(directory.path()).empty());
}

TEST_CASE_METHOD(OpeningFixture, "a file that is no journal is refused and not changed") {
  SECTION("text") {
    std::ofstream(database) << std::string(9000, 'x');
  }
  SECTION("another program's database") {
    run_sql(database, "CREATE TABLE other (x); INSERT INTO other VALUES (1)");
  }
  const std::string before = content_of(database);
  std::ofstream(directory.path() / "journal.lock").flush();
  CHECK(opening_error(directory.path()) == "journal.corrupt");
  CHECK(opening_error(directory.path(), true) == "journal.corrupt");
  CHECK(content_of(database) == before);
}

TEST_CASE_METHOD(OpeningFixture, "a damaged journal is refused with what to do") {
  make_journal(directory.path());
  const auto size = std::filesystem::file_size(database);
  SECTION("cut short") {
    std::filesystem::resize_file(database, size / 2);
  }
  SECTION("a page overwritten") {
    std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 20);
    file << std::string(4096, '\xee');
  }
  JournalOptions options;
  options.directory = directory.path();
  const auto journal = open_journal(options);
  REQUIRE(!journal);
  CHECK(journal.error().code == "journal.corrupt");
  CHECK(journal.error().message.find("backup") != std::string::npos);
}

TEST_CASE_METHOD(OpeningFixture, "a journal that was lost beside its key is not begun anew in silence") {
  make_journal(directory.path());
  SECTION("its file is empty") {
    std::filesystem::resize_file(database, 0);
  }
  SECTION("its file is gone") {
    std::filesystem::remove(database);
  }
  JournalOptions options;
  options.directory = directory.path();
  const auto journal = open_journal(options);
  REQUIRE(!journal);
  CHECK(journal.error().code == "journal.lost");
  CHECK(journal.error().message.find("journal.key") != std::string::npos);
  CHECK(opening_error(directory.path(), true) == "journal.lost");
  std::filesystem::remove(directory.path() / "journal.key");
  CHECK(opening_error(directory.path()).empty());
}

TEST_CASE_METHOD(OpeningFixture,
                 "an open item whose sealed part was exchanged with another's stops the start") {
  make_journal(directory.path());
  run_sql(database,
          "UPDATE hot SET sealed = (SELECT sealed FROM hot ORDER BY id DESC LIMIT 1)"
          " WHERE id = (SELECT min(id) FROM hot)");
  ManualClock clock;
  const auto journal = opened(directory.path(), clock);
  const auto claimed = journal->claim_open();
  REQUIRE(!claimed);
  CHECK(claimed.error().code == "journal.corrupt");
  CHECK(claimed.error().message.find("w-") != std::string::npos);
}

TEST_CASE_METHOD(OpeningFixture, "a command finds no journal where none was made, and makes none") {
  CHECK(opening_error(directory.path(), true) == "journal.missing");
  CHECK(std::filesystem::is_empty(directory.path()));
  CHECK(opening_error(directory.path() / "nowhere", true) == "journal.missing");
}

TEST_CASE_METHOD(OpeningFixture, "a directory that can't be made or written is named") {
  std::ofstream(directory.path() / "file").flush();
  JournalOptions options;
  options.directory = directory.path() / "file" / "data";
  const auto journal = open_journal(options);
  REQUIRE(!journal);
  CHECK(journal.error().code == "journal.unwritable");
  CHECK(journal.error().message.find("file/data") != std::string::npos);
}

TEST_CASE_METHOD(OpeningFixture, "a journal opened for reading refuses whatever would write") {
  make_journal(directory.path());
  ManualClock clock;
  const auto journal = opened(directory.path(), clock, true);
  CHECK(journal->list({})->size() == 50);
  CHECK(journal->counts()->ready == 25);
  CHECK(journal->counts()->finished == 25);
  CHECK(journal->newest_record() > 0);
  CHECK(commit_now(*journal, {fresh_item(journal->next_id(), 999), true, {}}) == CommitResult::Refused);
  CHECK(journal->note(WorkId{1}, 0, {}) == CommitResult::Refused);
  CHECK(journal->write({}) == CommitResult::Refused);
  CHECK(!journal->claim_open());
  CHECK(!journal->accept_clock());
}

TEST_CASE_METHOD(OpeningFixture, "a host waits for a reader that is just looking") {
  make_journal(directory.path());
  ManualClock clock;
  auto reader = opened(directory.path(), clock, true);
  std::thread host([&] { CHECK(opening_error(directory.path()).empty()); });
  reader.reset();
  host.join();
}

TEST_CASE_METHOD(OpeningFixture, "a path with signs that mean something in a URI is a path") {
  const auto odd = directory.path() / "a?b#c%41 d";
  make_journal(odd);
  ManualClock clock;
  CHECK(opened(odd, clock, true)->list({})->size() == 50);
}

TEST_CASE_METHOD(OpeningFixture,
                 "the newest record's time stays when the clock goes back, until it is accepted") {
  ManualClock clock;
  auto journal = opened(directory.path(), clock);
  const auto commit = [&](std::uint64_t n) {
    REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), n), true, {}}) == CommitResult::Committed);
  };
  commit(1);
  CHECK(journal->newest_record() == kStart);
  const WorkId before = journal->next_id();
  clock.set(kStart - 3'600'000);
  journal.reset();
  journal = opened(directory.path(), clock);
  CHECK(journal->newest_record() == kStart);
  CHECK(journal->next_id() > (*journal->find_by_key(key_of(1)))->id);
  commit(2);
  CHECK(journal->newest_record() == kStart);

  REQUIRE(journal->accept_clock());
  CHECK(journal->newest_record() == kStart - 3'600'000);
  commit(3);
  journal.reset();
  journal = opened(directory.path(), clock);
  CHECK(journal->newest_record() == kStart - 3'600'000);
  CHECK(journal->next_id() > before);
}
