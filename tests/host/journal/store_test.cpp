#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct StoreFixture {
  TempDir directory;
  ManualClock clock;
  std::unique_ptr<Journal> journal = opened(directory.path(), clock);

  CommitResult write(StoreWrite write) { return journal->write({std::move(write)}); }
  std::optional<StoreRecord> get(std::string_view connector, std::string_view key) {
    auto record = journal->store_get(connector, as_bytes(key));
    REQUIRE(record);
    return std::move(*record);
  }
  std::string value(std::string_view connector, std::string_view key) {
    const auto record = get(connector, key);
    return record ? std::string(as_text(record->value)) : "(none)";
  }
  std::vector<std::string> scan(std::string_view prefix, std::string_view after, std::size_t limit) {
    std::vector<std::string> keys;
    REQUIRE(
        journal->store_scan("ca", as_bytes(prefix), as_bytes(after), limit, [&](const StoreRecord& record) {
          keys.emplace_back(as_text(record.key));
          return true;
        }));
    return keys;
  }
};

constexpr auto kAny = StoreWrite::kAnyRevision;

}  // namespace

TEST_CASE_METHOD(StoreFixture, "a record is there after a restart, for its connector only") {
  REQUIRE(write(store_write("ca", "serial", 0, "01")) == CommitResult::Committed);
  journal.reset();
  journal = opened(directory.path(), clock);
  CHECK(value("ca", "serial") == "01");
  CHECK(value("ca-2", "serial") == "(none)");
}

TEST_CASE_METHOD(StoreFixture, "a write goes through at the expected revision only") {
  CHECK(write(store_write("ca", "k", 5, "x")) == CommitResult::Conflict);
  REQUIRE(write(store_write("ca", "k", 0, "a")) == CommitResult::Committed);
  CHECK(write(store_write("ca", "k", 0, "b")) == CommitResult::Conflict);
  const std::uint64_t first = get("ca", "k")->revision;
  CHECK(first >= 1);
  REQUIRE(write(store_write("ca", "k", first, "c")) == CommitResult::Committed);
  CHECK(get("ca", "k")->revision > first);
  CHECK(write(store_write("ca", "k", first, "d")) == CommitResult::Conflict);
  CHECK(write(store_write("ca", "k", kAny, "e")) == CommitResult::Committed);
  CHECK(value("ca", "k") == "e");
}

TEST_CASE_METHOD(StoreFixture, "a key that was removed and made again never has an old revision") {
  REQUIRE(write(store_write("ca", "k", 0, "a")) == CommitResult::Committed);
  const std::uint64_t first = get("ca", "k")->revision;
  REQUIRE(write({"ca", copy_of(as_bytes("k")), first, std::nullopt}) == CommitResult::Committed);
  CHECK(value("ca", "k") == "(none)");
  clock.set(1);
  journal.reset();
  journal = opened(directory.path(), clock);
  REQUIRE(write(store_write("ca", "k", 0, "b")) == CommitResult::Committed);
  CHECK(get("ca", "k")->revision > first);
}

TEST_CASE_METHOD(StoreFixture, "the writes of one call are made all or none") {
  CHECK(journal->write({store_write("ca", "a", 0, "1"), store_write("ca", "b", 7, "2")}) ==
        CommitResult::Conflict);
  CHECK(value("ca", "a") == "(none)");
}

TEST_CASE_METHOD(StoreFixture,
                 "of several writes to one key the first one's precondition and the last one's value count") {
  REQUIRE(journal->write({store_write("ca", "a", 0, "1"), store_write("ca", "b", 0, "x"),
                          store_write("ca", "a", 1, "2"), store_write("ca", "a", 0, "3")}) ==
          CommitResult::Committed);
  CHECK(value("ca", "a") == "3");
  CHECK(value("ca", "b") == "x");
  CHECK(journal->write({store_write("ca", "a", 0, "4"), store_write("ca", "a", kAny, "5")}) ==
        CommitResult::Conflict);
  CHECK(value("ca", "a") == "3");
}

TEST_CASE_METHOD(StoreFixture, "staged writes are made with their transition or not at all") {
  const WorkItem item = fresh_item(journal->next_id(), 1);
  CHECK(commit_now(*journal, {item, true, {store_write("ca", "k", 9, "x")}}) == CommitResult::Conflict);
  CHECK(!*journal->find(item.id));
  CHECK(commit_now(*journal, {item, true, {store_write("ca", "k", 0, "x")}}) == CommitResult::Committed);
  CHECK(value("ca", "k") == "x");
  WorkItem stale = issued(item);
  stale.epoch = 3;
  CHECK(commit_now(*journal, {stale, false, {store_write("ca", "k", kAny, "y")}}) ==
        CommitResult::StaleEpoch);
  CHECK(value("ca", "k") == "x");
}

TEST_CASE_METHOD(StoreFixture, "one challenge is spent by one of two items that come together") {
  REQUIRE(write(store_write("scep", "challenge", 0, "unused")) == CommitResult::Committed);
  const std::uint64_t seen = get("scep", "challenge")->revision;
  std::vector<Transition> both;
  for (std::uint64_t n = 1; n <= 2; ++n) {
    both.push_back({fresh_item(journal->next_id(), n),
                    true,
                    {store_write("scep", "challenge", seen, "spent by " + std::to_string(n))}});
  }
  CHECK(commit_together(*journal, std::move(both)) ==
        std::vector{CommitResult::Committed, CommitResult::Conflict});
  CHECK(value("scep", "challenge") == "spent by 1");
}

TEST_CASE_METHOD(StoreFixture, "a scan gives a prefix in key order, from a key on, up to a limit") {
  std::vector<StoreWrite> writes;
  for (const char* key : {"b3", "a1", "b1", "b2", "c1"}) writes.push_back(store_write("ca", key, 0, "v"));
  writes.push_back(store_write("other", "b9", 0, "v"));
  writes.push_back(store_write("ca", std::string("b\xff"), 0, "v"));
  REQUIRE(journal->write(writes) == CommitResult::Committed);
  CHECK(scan("b", "", 100) == std::vector<std::string>{"b1", "b2", "b3", "b\xff"});
  CHECK(scan("b", "b1", 2) == std::vector<std::string>{"b2", "b3"});
  CHECK(scan("", "", 100).size() == 6);
  CHECK(scan("x", "", 100).empty());
  CHECK(scan("b", "", 0).empty());
}

TEST_CASE_METHOD(StoreFixture,
                 "a scan goes through more records than it reads at a time, may look up others, and stops") {
  std::vector<StoreWrite> writes;
  for (int n = 1000; n < 1200; ++n) writes.push_back(store_write("ca", std::to_string(n), 0, "v"));
  REQUIRE(journal->write(writes) == CommitResult::Committed);
  CHECK(scan("1", "", 1000).size() == 200);
  CHECK(scan("1", "", 150).size() == 150);
  int seen = 0;
  REQUIRE(journal->store_scan("ca", {}, {}, 1000, [&](const StoreRecord& record) {
    CHECK(get("ca", as_text(record.key)));
    return ++seen < 70;
  }));
  CHECK(seen == 70);
}

TEST_CASE_METHOD(StoreFixture, "writes over a limit are refused") {
  CHECK(write(store_write("ca", "", 0, "v")) == CommitResult::TooLarge);
  CHECK(write(store_write("", "k", 0, "v")) == CommitResult::TooLarge);
  CHECK(write(store_write("ca", std::string(257, 'k'), 0, "v")) == CommitResult::TooLarge);
  CHECK(write(store_write("ca", "k", 0, std::string(65537, 'v'))) == CommitResult::TooLarge);
  CHECK(write(store_write("ca", std::string(256, 'k'), 0, std::string(65536, 'v'))) ==
        CommitResult::Committed);
  CHECK(write(store_write("ca", "empty", 0, "")) == CommitResult::Committed);
  CHECK(value("ca", "empty").empty());
  CHECK(journal->write({}) == CommitResult::Committed);
}
