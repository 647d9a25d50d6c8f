#include "host/journal/inspection.hpp"

#include <sqlite3.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

/// A journal of 20 open items, 20 finished, one dead letter and a store record.
struct InspectionFixture {
  TempDir directory;
  ManualClock clock;
  std::filesystem::path database = directory.path() / "journal.db";

  InspectionFixture() {
    auto journal = opened(directory.path(), clock);
    for (std::uint64_t n = 0; n < 20; ++n) {
      const WorkItem item = fresh_item(journal->next_id(), n);
      REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
      WorkItem done = issued(fresh_item(journal->next_id(), n + 100));
      done.set_label("serial", "0a" + std::to_string(n));
      REQUIRE(commit_now(*journal, {done, true, {}}) == CommitResult::Committed);
    }
    WorkItem dead = fresh_item(journal->next_id(), 300);
    dead.state = ItemState::Dead;
    REQUIRE(commit_now(*journal, {dead, true, {store_write("ca", "key", 0, "value")}}) ==
            CommitResult::Committed);
  }

  void run_sql(const char* sql) const {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(database.c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
  }

  Journal::Inspection inspected(bool read_only) const {
    auto found = opened(directory.path(), clock, read_only)->inspect();
    REQUIRE(found);
    return std::move(*found);
  }

  /// The one fault after `sql`; "" if there is none, "several" if there are more.
  std::string fault_after(const char* sql) const {
    run_sql(sql);
    const auto found = inspected(true);
    if (found.faults.size() > 1) return "several: " + found.faults[0] + ", " + found.faults[1];
    return found.faults.empty() ? "" : found.faults.front();
  }
};

}  // namespace

TEST_CASE_METHOD(InspectionFixture,
                 "a sound journal is told as such, with what is in it, by the host and without one") {
  for (const bool read_only : {true, false}) {
    const auto found = inspected(read_only);
    CHECK(found.faults.empty());
    CHECK(found.open == 20);
    CHECK(found.finished == 20);
    CHECK(found.dead == 1);
    CHECK(found.records == 1);
    CHECK(found.bytes == std::filesystem::file_size(database));
  }
}

TEST_CASE_METHOD(InspectionFixture, "each kind of damage to rows is found and named") {
  const auto contains = [](const char* text) { return Catch::Contains(text); };
  SECTION("a body that can't be read") {
    CHECK_THAT(fault_after("UPDATE done SET body = x'0105' WHERE id = (SELECT min(id) FROM done)"),
               contains("w-") && contains("can't be read"));
  }
  SECTION("a sealed part of another item") {
    CHECK_THAT(fault_after("UPDATE hot SET sealed = (SELECT sealed FROM hot ORDER BY id DESC LIMIT 1)"
                           " WHERE id = (SELECT min(id) FROM hot)"),
               contains("does not open"));
  }
  SECTION("a dead letter whose request was changed") {
    CHECK_THAT(fault_after("UPDATE done SET sealed = zeroblob(900) WHERE state = 6"),
               contains("does not open"));
  }
  SECTION("an item under the wrong hash") {
    CHECK_THAT(fault_after("UPDATE done SET serial_hash = 7 WHERE id = (SELECT min(id) FROM done)"),
               contains("can't be found"));
    CHECK_THAT(fault_after("UPDATE done SET serial_hash = NULL WHERE serial_hash = 7"),
               contains("can't be found"));
  }
  SECTION("an item in the wrong table") {
    CHECK_THAT(fault_after("UPDATE done SET state = 1 WHERE state = 6;"
                           "UPDATE totals SET dead = 0, finished = finished + 1"),
               contains("stands among the finished"));
  }
  SECTION("totals that do not agree") {
    CHECK_THAT(fault_after("UPDATE totals SET dead = 3"), contains("3 dead letters, there are 1"));
    CHECK_THAT(fault_after("UPDATE totals SET dead = 1, last_id = 5"), contains("given out twice"));
  }
  SECTION("one request open twice") {
    CHECK_THAT(
        fault_after("INSERT INTO hot SELECT id - 1000, epoch, state, key_hash, transaction_hash, "
                    "serial_hash, key, note, body, sealed FROM hot WHERE id = (SELECT min(id) FROM hot);"
                    "DELETE FROM hot WHERE id = (SELECT min(id) FROM hot) AND 0"),
        contains("several"));
  }
  SECTION("a table of somebody else's") {
    CHECK_THAT(fault_after("CREATE TABLE notes (x)"), contains("\"notes\" is no table"));
  }
}

TEST_CASE_METHOD(InspectionFixture, "damaged pages are found") {
  std::string content = content_of(database);
  // The page of a leaf of `done`: one that holds a certificate.
  const auto at = content.find(std::string(600, 0x33));
  REQUIRE(at != std::string::npos);
  std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at / 4096 * 4096));
  file << std::string(64, '\xee');
  file.close();
  CHECK_FALSE(inspected(true).faults.empty());
}
