#include "host/journal/key_rotation.hpp"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "host/journal/audit_verifier.hpp"
#include "host/journal/key_file.hpp"
#include "host/journal/schema.hpp"
#include "host/journal/sealed_rows.hpp"
#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

using Catch::Contains;

namespace {

struct RotationFixture {
  TempDir directory;
  ManualClock clock;
  std::filesystem::path key = directory.path() / "journal.key";
  std::filesystem::path next = directory.path() / "journal.key.next";

  /// Open items, dead letters and what has ended otherwise: `count` of each.
  void fill(std::uint64_t count = 3) {
    const auto journal = opened(directory.path(), clock);
    for (std::uint64_t n = 0; n < count * 3; ++n) {
      WorkItem item = fresh_item(journal->next_id(), n);
      REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
      if (n % 3 == 0) continue;
      const Bytes request = item.request;
      item = issued(item);
      if (n % 3 == 2) {
        item.state = ItemState::Dead;
        item.certificate.clear();
        item.request = request;
      }
      REQUIRE(commit_now(*journal, {item, false, {}}) == CommitResult::Committed);
    }
  }
  void expect_all_open(std::uint64_t count = 3) {
    const auto journal = opened(directory.path(), clock);
    CHECK(journal->inspect()->faults.empty());
    const auto page = journal->audit_page(WorkId{}, 100'000);
    REQUIRE(page);
    const auto head = journal->audit_head();
    AuditVerifier verifier(*head, {}, {});
    for (const AuditRecord& record : page->records) verifier.take(record);
    CHECK(verifier.finish({}).faults.empty());
    for (std::uint64_t n = 0; n < count * 3; ++n) {
      const auto item = journal->find_by_key(key_of(n));
      REQUIRE((item && *item));
      CHECK((*item)->request == (n % 3 == 1 ? Bytes() : Bytes(800, 0x30)));
    }
  }
  /// As the rows have it.
  std::vector<Bytes> sealed() {
    auto database = sql::Database::open((directory.path() / "journal.db").string(), sql::OpenMode::ReadOnly);
    REQUIRE(database);
    auto rows = database->prepare(
        "SELECT sealed FROM hot UNION ALL SELECT sealed FROM done WHERE sealed IS NOT NULL");
    REQUIRE(rows);
    std::vector<Bytes> values;
    while (*rows->step()) values.push_back(copy_of(rows->blob(0)));
    return values;
  }
  bool in_files(BytesView bytes) {
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      if (content_of(entry.path()).find(as_text(bytes)) != std::string::npos) return true;
    }
    return false;
  }
  static void write_key(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    REQUIRE(::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0);
  }
  KeyRotation rotate() {
    auto rotation = rotate_key(directory.path(), {});
    if (!rotation) FAIL(rotation.error().code << ": " << rotation.error().message);
    return *rotation;
  }
  Error refused() {
    auto rotation = rotate_key(directory.path(), {});
    REQUIRE(!rotation);
    return rotation.error();
  }
};

}  // namespace

TEST_CASE_METHOD(RotationFixture, "after a rotation all is there, and the old key opens nothing any more") {
  // Some more than are taken at a time, and what has ended leaves sealed octets in free parts of the file.
  fill(40);
  const auto old_key = read_key_file(key);
  const auto before = sealed();
  REQUIRE(before.size() == 80);
  const KeyRotation rotation = rotate();
  CHECK(rotation.items == 80);
  CHECK(!rotation.resumed);
  CHECK(rotation.key.size() == 8);
  expect_all_open(40);
  CHECK(!std::filesystem::exists(next));
  CHECK((**read_key_file(key)).value() != (**old_key).value());
  for (const Bytes& value : before) CHECK(!in_files(BytesView(value).last(64)));
  CHECK(!in_files((**old_key).value()));

  const std::string path = (directory.path() / "journal.db").string();
  auto database = sql::Database::open(path, sql::OpenMode::ReadOnly);
  auto old_opens = open_all_sealed(*database, path, *Sealer::create(**old_key));
  REQUIRE(!old_opens);
  CHECK(old_opens.error().code == "journal.corrupt");
  write_key(key, std::string(as_text((**old_key).value())));
  CHECK(opening_error(directory.path()) == "journal.key");
}

TEST_CASE_METHOD(RotationFixture, "one rotation follows another, and an empty journal has a key too") {
  { const auto made = opened(directory.path(), clock); }
  const std::string first = rotate().key;
  const std::string second = rotate().key;
  CHECK(first != second);
  fill();
  CHECK(rotate().items == 6);
  expect_all_open();
}

TEST_CASE_METHOD(RotationFixture, "a host takes the key that its journal is sealed with") {
  fill();
  const std::string old_key = content_of(key);
  SECTION("the rotation was broken off before everything was sealed anew") {
    write_key(next, std::string(32, 'n'));
    expect_all_open();
    CHECK(content_of(next) == std::string(32, 'n'));
    const KeyRotation rotation = rotate();
    CHECK(rotation.resumed);
    CHECK(content_of(key) == std::string(32, 'n'));
  }
  SECTION("it was broken off after that") {
    rotate();
    const std::string new_key = content_of(key);
    write_key(next, new_key);
    const int left = GENERATE(0, 1, 2);
    if (left == 0) write_key(key, old_key);
    if (left == 1) write_key(key, std::string(32, '\0'));
    if (left == 2) std::filesystem::remove(key);
    expect_all_open();
    // A reader that changes nothing finds it too.
    CHECK(opened(directory.path(), clock, true)->find_by_key(key_of(0))->value().request.size() == 800);
    CHECK(rotate().resumed);
    CHECK(content_of(key) == new_key);
  }
  CHECK(!std::filesystem::exists(next));
  expect_all_open();
}

TEST_CASE_METHOD(RotationFixture, "a key that is wrong ends the rotation before anything is changed") {
  fill();
  const std::string good = content_of(key);
  const auto before = sealed();
  SECTION("the next one is too short") {
    write_key(next, "short");
    CHECK_THAT(refused().message, Contains("remove it"));
    expect_all_open();
    std::filesystem::remove(next);
  }
  SECTION("the next one may be read by others") {
    write_key(next, std::string(32, 'n'));
    REQUIRE(::chmod(next.c_str(), 0644) == 0);
    CHECK_THAT(refused().message, Contains("chmod 600"));
    std::filesystem::remove(next);
  }
  SECTION("the next one is the old one") {
    write_key(next, good);
    CHECK_THAT(refused().message, Contains("is the old one"));
    std::filesystem::remove(next);
  }
  SECTION("the old one is missing") {
    std::filesystem::remove(key);
    CHECK_THAT(refused().message, Contains("is missing: put it back"));
    write_key(key, good);
  }
  SECTION("the old one is another journal's") {
    write_key(key, std::string(32, 'o'));
    CHECK_THAT(refused().message, Contains("belongs to another journal"));
    write_key(key, good);
  }
  CHECK(content_of(key) == good);
  CHECK(sealed() == before);
  CHECK(!std::filesystem::exists(next));
  expect_all_open();
}

TEST_CASE_METHOD(RotationFixture, "nothing is overwritten that is not a key's file alone") {
  fill();
  const std::string old_key = content_of(key);
  rotate();
  // As if that one had not ended.
  std::filesystem::rename(key, next);
  const auto kept = directory.path() / "kept";
  SECTION("one with a second name") {
    write_key(key, old_key);
    std::filesystem::create_hard_link(key, kept);
  }
  SECTION("a link to another") {
    write_key(kept, old_key);
    std::filesystem::create_symlink(kept, key);
  }
  const Error error = refused();
  CHECK(error.code == "journal.key");
  CHECK(content_of(kept) == old_key);
  std::filesystem::remove(key);
  CHECK(rotate().resumed);
  CHECK(content_of(kept) == old_key);
  expect_all_open();
}

TEST_CASE_METHOD(RotationFixture, "an item that does not open ends the rotation before anything is changed") {
  fill();
  const auto before = sealed();
  const std::string good = content_of(key);
  const std::string table = GENERATE("hot", "done");
  change_database(directory.path(), "UPDATE " + table + " SET sealed = CAST(substr(sealed, 1, 40) AS BLOB)" +
                                        " WHERE id = (SELECT max(id) FROM " + table +
                                        " WHERE sealed IS NOT NULL)");
  const Error error = refused();
  CHECK(error.code == "journal.corrupt");
  CHECK_THAT(error.message, Contains("work item w-") && Contains("nothing was changed"));
  CHECK(content_of(key) == good);
  const auto after = sealed();
  int same = 0;
  for (std::size_t i = 0; i < before.size(); ++i) same += before[i] == after[i] ? 1 : 0;
  CHECK(same == 5);
}

TEST_CASE_METHOD(RotationFixture, "where no journal is none is made, and one that a host has is left alone") {
  CHECK(refused().code == "journal.missing");
  CHECK(std::filesystem::is_empty(directory.path()));
  const auto journal = opened(directory.path(), clock);
  CHECK(refused().code == "journal.locked");
  CHECK(!std::filesystem::exists(next));
}

TEST_CASE_METHOD(RotationFixture, "every sealed column of the schema is sealed anew") {
  { const auto made = opened(directory.path(), clock); }
  auto database = sql::Database::open((directory.path() / "journal.db").string(), sql::OpenMode::ReadOnly);
  std::set<std::string> tables;
  for (const std::string_view table : kTables) {
    auto columns = database->prepare("SELECT name FROM pragma_table_info('" + std::string(table) + "')");
    REQUIRE(columns);
    while (*columns->step()) {
      if (columns->text(0).find("sealed") != std::string_view::npos) tables.insert(std::string(table));
    }
  }
  // A further one needs its place in sealed_rows.cpp.
  CHECK(tables == std::set<std::string>{"hot", "done"});
}

TEST_CASE_METHOD(RotationFixture,
                 "a configured key takes the journal over, from the directory's and from one before it") {
  const SealingKey first(SealingKey::Value{1});
  const SealingKey second(SealingKey::Value{2});
  const auto told = [&](const ConfiguredKeys& keys) {
    const auto journal = open_journal({.directory = directory.path(), .keys = keys, .clock = &clock});
    if (!journal) return journal.error().code;
    CHECK((*journal)->inspect()->faults.empty());
    CHECK((**(*journal)->find_by_key(key_of(0))).request == Bytes(800, 0x30));
    return std::string(must_rotate(directory.path(), keys, (*journal)->key_mark()) ? "rotate" : "settled");
  };
  fill();
  const auto own = **read_key_file(key);
  CHECK(told({}) == "settled");
  CHECK(told({first, {}}) == "rotate");
  CHECK(rotate_key(directory.path(), {first, {}})->items == 6);
  CHECK(!std::filesystem::exists(key));
  CHECK(!in_files(own.value()));
  CHECK(told({first, {}}) == "settled");
  CHECK(told({}) == "journal.key");
  CHECK(told({second, {}}) == "journal.key");

  CHECK(told({second, first}) == "rotate");
  CHECK(rotate_key(directory.path(), {second, first}));
  CHECK(told({second, first}) == "settled");
  CHECK(told({first, {}}) == "journal.key");
  CHECK(rotate_key(directory.path(), {second, {}})->items == 6);

  CHECK(told({{}, second}) == "rotate");
  CHECK(rotate_key(directory.path(), {{}, second}));
  CHECK(std::filesystem::exists(key));
  CHECK(told({}) == "settled");
}

TEST_CASE_METHOD(RotationFixture, "who needs no secrets needs no key") {
  fill();
  std::filesystem::remove(key);
  const auto journal =
      open_journal({.directory = directory.path(), .secrets = false, .read_only = true, .clock = &clock});
  REQUIRE(journal);
  const auto item = (*journal)->find_by_key(key_of(0));
  REQUIRE((item && *item));
  CHECK((*item)->request.empty());
  CHECK((*journal)->inspect()->faults.empty());
  CHECK(opening_error(directory.path(), true) == "journal.key");
}

TEST_CASE("a sealing key is written as 64 hexadecimal digits") {
  const std::string digits(64, 'a');
  REQUIRE(read_sealing_key(as_bytes(digits), "it"));
  CHECK(read_sealing_key(as_bytes(digits), "it")->value()[31] == 0xAA);
  for (const std::string& bad :
       {std::string(), digits + "aa", std::string(63, 'a'), std::string(64, 'g'), std::string(32, '\0')}) {
    const auto key = read_sealing_key(as_bytes(bad), "${credential:journal}");
    REQUIRE(!key);
    CHECK(key.error().code == "journal.key");
    CHECK_THAT(key.error().message, Contains("${credential:journal}") && Contains("openssl rand -hex 32"));
  }
}
