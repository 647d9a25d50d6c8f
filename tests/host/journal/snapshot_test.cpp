#include "host/journal/snapshot.hpp"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "host/journal/key_file.hpp"
#include "host/journal/schema.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct SnapshotFixture {
  TempDir directory;
  TempDir other;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);
  std::filesystem::path snapshot = directory.path() / kSnapshotName;

  WorkItem finish(std::uint64_t number) {
    const WorkItem item = issued(fresh_item(journal->next_id(), number));
    REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
    return item;
  }
  /// The snapshot as a journal of its own.
  std::unique_ptr<Journal> opened_snapshot() {
    std::filesystem::copy_file(snapshot, other.path() / "journal.db");
    std::filesystem::copy_file(directory.path() / "journal.key", other.path() / "journal.key");
    return opened(other.path(), clock);
  }
};

}  // namespace

TEST_CASE_METHOD(SnapshotFixture, "a snapshot holds what was committed before it, and nothing later") {
  WorkItem open = fresh_item(journal->next_id(), 1);
  REQUIRE(commit_now(*journal, {open, true, {store_write("corp-ca", "serial", 0, "7")}}) ==
          CommitResult::Committed);
  const WorkItem before = finish(2);
  REQUIRE(journal->snapshot(snapshot));
  const WorkItem after = finish(3);

  const auto facts = look_at_snapshot(snapshot, directory.path(), {});
  REQUIRE(facts);
  CHECK(facts->schema == kSchemaVersion);
  CHECK(facts->audit.number == 1);
  const auto restored = opened_snapshot();
  CHECK((*restored->find(open.id))->request == open.request);
  CHECK((*restored->find(before.id))->certificate == before.certificate);
  CHECK_FALSE(*restored->find(after.id));
  CHECK(restored->store_get("corp-ca", as_bytes("serial"))->has_value());
  CHECK(*restored->audit_head() == facts->audit);
  CHECK(restored->inspect()->faults.empty());
}

TEST_CASE_METHOD(SnapshotFixture, "a snapshot beside a writer is of one moment") {
  std::atomic<bool> enough{false};
  std::thread writer([&] {
    for (std::uint64_t n = 0; n < 3000 && !enough; ++n) {
      const WorkItem item = issued(fresh_item(journal->next_id(), n));
      journal->commit({item, true, {}}, [](CommitResult) {});
    }
  });
  const auto written = journal->snapshot(snapshot);
  enough = true;
  writer.join();
  REQUIRE(written);
  const auto facts = look_at_snapshot(snapshot, directory.path(), {});
  REQUIRE(facts);
  const auto restored = opened_snapshot();
  CHECK(restored->counts()->finished == facts->audit.number);
  CHECK(restored->inspect()->faults.empty());
}

TEST_CASE_METHOD(SnapshotFixture, "a snapshot is its owner's alone, and replaces one that was left") {
  std::ofstream(snapshot) << "left by one that was killed";
  finish(1);
  REQUIRE(journal->snapshot(snapshot));
  struct stat status {};
  REQUIRE(::stat(snapshot.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(look_at_snapshot(snapshot, directory.path(), {}));
}

TEST_CASE_METHOD(SnapshotFixture, "a reader makes the same snapshot of a host that is down") {
  finish(1);
  journal.reset();
  journal = opened(directory.path(), clock, true);
  REQUIRE(journal->snapshot(snapshot));
  CHECK(look_at_snapshot(snapshot, directory.path(), {})->audit.number == 1);
}

TEST_CASE_METHOD(SnapshotFixture, "a start removes a snapshot that was left") {
  std::ofstream(snapshot) << "left";
  std::ofstream(snapshot.string() + "-journal") << "left";
  journal.reset();
  journal = opened(directory.path(), clock);
  CHECK_FALSE(std::filesystem::exists(snapshot));
  CHECK_FALSE(std::filesystem::exists(snapshot.string() + "-journal"));
}

TEST_CASE_METHOD(SnapshotFixture,
                 "a snapshot that can't be written leaves nothing, and the journal goes on") {
  finish(1);
  const auto nowhere = directory.path() / "nowhere" / "snapshot";
  CHECK(journal->snapshot(nowhere).error().code == "journal.unwritable");
  CHECK_FALSE(std::filesystem::exists(nowhere));
  finish(2);
}

TEST_CASE_METHOD(SnapshotFixture,
                 "the key that belongs to a snapshot is found, also in the middle of a rotation") {
  REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), 1), true, {}}) == CommitResult::Committed);
  REQUIRE(journal->snapshot(snapshot));
  const auto key = directory.path() / "journal.key";
  const auto next = directory.path() / "journal.key.next";
  const auto mine = *read_key_file(key);
  const auto found = [&] {
    const auto facts = look_at_snapshot(snapshot, directory.path(), {});
    if (!facts) return facts.error().code;
    return std::string(facts->key.value() == mine->value() ? "its own" : "another");
  };
  CHECK(found() == "its own");
  opened(other.path(), clock).reset();
  std::filesystem::rename(key, next);
  CHECK(found() == "its own");
  std::filesystem::copy_file(other.path() / "journal.key", key);
  CHECK(found() == "its own");
  std::filesystem::remove(next);
  CHECK(found() == "journal.key");
  std::filesystem::remove(key);
  CHECK(found() == "journal.key");
}

TEST_CASE_METHOD(SnapshotFixture, "what is no snapshot is refused") {
  REQUIRE(journal->snapshot(snapshot));
  std::ofstream(snapshot) << std::string(9000, 'x');
  CHECK(look_at_snapshot(snapshot, directory.path(), {}).error().code == "journal.corrupt");
}
