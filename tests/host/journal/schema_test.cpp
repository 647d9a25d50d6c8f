#include "host/journal/schema.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

WorkItem dead(WorkItem item) {
  item.state = ItemState::Dead;
  item.outcome = Outcome::Unavailable;
  item.code = "attempts.used_up";
  return item;
}

struct SchemaFixture {
  TempDir directory;
  ManualClock clock;
  std::filesystem::path database = directory.path() / "journal.db";

  void run_sql(const std::filesystem::path& path, const std::string& sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    INFO(sqlite3_errmsg(handle));
    CHECK(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
  }

  /// Puts the rows of the journal, which is closed, into a database that the first version's script made.
  void make_version_1() const {
    const auto older = directory.path() / "older.db";
    run_sql(older, "PRAGMA journal_mode = WAL;" + content_of(VERSION_1_SQL));
    run_sql(older,
            "ATTACH '" + database.string() +
                "' AS now;"
                "INSERT INTO hot SELECT * FROM now.hot;"
                "INSERT INTO done SELECT id, epoch, state, key_hash, transaction_hash, serial_hash, key,"
                " body FROM now.done;"
                "INSERT INTO store SELECT * FROM now.store;"
                "DELETE FROM totals;"
                "INSERT INTO totals SELECT one, newest, last_id, finished, dead, key_check"
                " FROM now.totals;");
    std::filesystem::remove(database.string() + "-wal");
    std::filesystem::remove(database.string() + "-shm");
    std::filesystem::rename(older, database);
  }
};

}  // namespace

TEST_CASE_METHOD(SchemaFixture, "a journal of the first version is brought up with all that it holds") {
  auto journal = opened(directory.path(), clock);
  const WorkItem open = fresh_item(journal->next_id(), 1);
  const WorkItem done = issued(fresh_item(journal->next_id(), 2));
  const WorkItem letter = dead(fresh_item(journal->next_id(), 3));
  REQUIRE(commit_now(*journal, {open, true, {store_write("corp-ca", "serial", 0, "7")}}) ==
          CommitResult::Committed);
  REQUIRE(commit_now(*journal, {done, true, {}}) == CommitResult::Committed);
  REQUIRE(commit_now(*journal, {letter, true, {}}) == CommitResult::Committed);
  journal.reset();
  make_version_1();
  CHECK(opening_error(directory.path(), true) == "journal.older_schema");

  journal = opened(directory.path(), clock);
  CHECK((*journal->find(open.id))->request == open.request);
  CHECK((*journal->find(done.id))->certificate == done.certificate);
  CHECK((*journal->find(letter.id))->state == ItemState::Dead);
  CHECK((*journal->find(letter.id))->request.empty());
  CHECK(journal->store_get("corp-ca", as_bytes("serial"))->has_value());
  CHECK(journal->counts()->finished == 1);
  CHECK(journal->counts()->dead == 1);
  // They finished before there was a chain.
  CHECK(journal->audit_head()->number == 0);
  CHECK(journal->audit_page(WorkId{}, 10)->records.at(0).number == 0);

  const WorkItem later = dead(fresh_item(journal->next_id(), 4));
  REQUIRE(commit_now(*journal, {later, true, {}}) == CommitResult::Committed);
  CHECK(journal->audit_head()->number == 1);
  journal.reset();
  CHECK((*opened(directory.path(), clock, true)->find(later.id))->request == later.request);
}

TEST_CASE_METHOD(SchemaFixture, "dead letters of the first version alone do not need the sealing key") {
  auto journal = opened(directory.path(), clock);
  REQUIRE(commit_now(*journal, {dead(fresh_item(journal->next_id(), 1)), true, {}}) ==
          CommitResult::Committed);
  journal.reset();
  make_version_1();
  std::filesystem::remove(directory.path() / "journal.key");
  CHECK(opening_error(directory.path()).empty());
}

TEST_CASE_METHOD(SchemaFixture, "a journal of the next version is refused, not guessed at") {
  opened(directory.path(), clock).reset();
  run_sql(database, "PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  const std::string before = content_of(database);
  CHECK(opening_error(directory.path()) == "journal.newer_schema");
  CHECK(opening_error(directory.path(), true) == "journal.newer_schema");
  CHECK(content_of(database) == before);
}
