#include "host/journal/restores.hpp"

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct RestoresFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  void reopen(bool read_only = false) {
    journal.reset();
    journal = opened(directory.path(), clock, read_only);
  }
  std::vector<Restore> restores() {
    auto found = journal->restores();
    REQUIRE(found);
    return *found;
  }
};

Restore restore(WallMs at, bool nothing_lost = false) {
  Restore made;
  made.backup_at = at;
  made.restored_at = at + 1000;
  made.audit_number = 7;
  made.audit_hash.fill(9);
  made.nothing_lost = nothing_lost;
  return made;
}

}  // namespace

TEST_CASE_METHOD(RestoresFixture, "a journal that never was put back says nothing of it") {
  CHECK(restores().empty());
  CHECK(journal->start_restores(5));
  CHECK(restores().empty());
}

TEST_CASE_METHOD(RestoresFixture, "each restore is kept with all that it says, oldest first") {
  REQUIRE(journal->add_restore(restore(1000)));
  REQUIRE(journal->add_restore(restore(500, true)));
  reopen(true);
  const auto found = restores();
  REQUIRE(found.size() == 2);
  CHECK(found[0].backup_at == 1000);
  CHECK(found[0].restored_at == 2000);
  CHECK_FALSE(found[0].started_at);
  CHECK(found[0].audit_number == 7);
  CHECK(found[0].audit_hash == restore(0).audit_hash);
  CHECK_FALSE(found[0].nothing_lost);
  CHECK(found[1].backup_at == 500);
  CHECK(found[1].nothing_lost);
}

TEST_CASE_METHOD(RestoresFixture, "a start counts for the restores that no host has started from") {
  REQUIRE(journal->add_restore(restore(1000)));
  REQUIRE(journal->start_restores(3000));
  REQUIRE(journal->add_restore(restore(2000)));
  REQUIRE(journal->start_restores(4000));
  reopen();
  const auto found = restores();
  REQUIRE(found.size() == 2);
  CHECK(found[0].started_at == 3000);
  CHECK(found[1].started_at == 4000);
}

TEST_CASE_METHOD(RestoresFixture, "who only reads a journal can't say that it was put back") {
  reopen(true);
  CHECK(journal->add_restore(restore(1000)).error().code == "journal.read_only");
  CHECK(journal->start_restores(1).error().code == "journal.read_only");
}

TEST_CASE_METHOD(RestoresFixture, "a damaged record of a restore is an error, not a restore") {
  REQUIRE(journal->add_restore(restore(1000)));
  journal.reset();
  change_database(directory.path(), "UPDATE restores SET audit_hash = x'0102'");
  reopen();
  CHECK(journal->restores().error().code == "journal.corrupt");
}
