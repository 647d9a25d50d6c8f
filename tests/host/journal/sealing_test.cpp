#include "host/journal/sealing.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

Sealer sealer_of(std::uint8_t byte) {
  SealingKey::Value value{};
  value.fill(byte);
  auto sealer = Sealer::create(SealingKey(value));
  REQUIRE(sealer);
  return std::move(*sealer);
}

}  // namespace

TEST_CASE("keys are derived as RFC 5869 says, by its first test case") {
  Bytes salt;
  for (std::uint8_t n = 0; n <= 12; ++n) salt.push_back(n);
  Bytes info;
  for (std::uint8_t n = 0xf0; n <= 0xf9; ++n) info.push_back(n);
  const auto keys = KeyDerivation::create(salt, Bytes(22, 0x0b));
  REQUIRE(keys);
  CHECK(to_hex(keys->derive(info)->value()) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST_CASE("what is sealed opens at its place with its key, and nowhere else") {
  const Sealer sealer = sealer_of(1);
  const SealedPlace place{"hot", WorkId{7}, "request"};
  const Bytes plain = {1, 2, 3, 4};
  const auto sealed = sealer.seal(place, plain);
  REQUIRE(sealed);
  CHECK(*sealer.open(place, *sealed) == plain);
  CHECK(*sealer.seal(place, plain) != *sealed);

  CHECK(!sealer.open({"hot", WorkId{8}, "request"}, *sealed));
  CHECK(!sealer.open({"hot", WorkId{7}, "handle"}, *sealed));
  CHECK(!sealer.open({"done", WorkId{7}, "request"}, *sealed));
  CHECK(!sealer_of(2).open(place, *sealed));
  for (std::size_t at = 0; at < sealed->size(); ++at) {
    Bytes changed = *sealed;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1);
    CHECK(!sealer.open(place, changed));
    CHECK(!sealer.open(place, BytesView(*sealed).first(at)));
  }
}

TEST_CASE("an empty secret is sealed too") {
  const Sealer sealer = sealer_of(1);
  const auto sealed = sealer.seal({"hot", WorkId{7}, "request"}, {});
  REQUIRE(sealed);
  CHECK(sealer.open({"hot", WorkId{7}, "request"}, *sealed)->empty());
}

TEST_CASE("a request and a handle stand in no file of the directory in clear") {
  TempDir directory;
  ManualClock clock;
  const std::string request = "challengePassword=tell-nobody-1234";
  const std::string handle = "order-5678-tell-nobody";
  const auto search = [&] {
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      const std::string content = content_of(entry.path());
      found =
          found || content.find(request) != std::string::npos || content.find(handle) != std::string::npos;
    }
    return found;
  };
  auto journal = opened(directory.path(), clock);
  WorkItem item = fresh_item(journal->next_id(), 1);
  item.request = copy_of(as_bytes(request));
  item.handle = copy_of(as_bytes(handle));
  REQUIRE(commit_now(*journal, {item, true, {}}) == CommitResult::Committed);
  CHECK(!search());
  WorkItem finished = issued(item);
  if (GENERATE(false, true)) finished.state = ItemState::Dead;
  REQUIRE(commit_now(*journal, {finished, false, {}}) == CommitResult::Committed);
  CHECK(!search());
  journal.reset();
  CHECK(!search());
}

TEST_CASE("the key, the database and its log are for their owner only") {
  TempDir parent;
  const auto directory = parent.path() / "data";
  ManualClock clock;
  const auto journal = opened(directory, clock);
  const auto mode = [](const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777U;
  };
  CHECK(mode(directory) == 0700);
  for (const char* name : {"journal.key", "journal.db", "journal.db-wal", "journal.lock"}) {
    CAPTURE(name);
    CHECK(mode(directory / name) == 0600);
  }
}

TEST_CASE("a key that is gone, another's, cut short or open to others is refused while items are open") {
  TempDir directory;
  const auto key = directory.path() / "journal.key";
  ManualClock clock;
  {
    auto journal = opened(directory.path(), clock);
    REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), 1), true, {}}) == CommitResult::Committed);
  }
  const std::string right = content_of(key);
  const auto put = [&](const std::string& content) { std::ofstream(key, std::ios::binary) << content; };

  put(std::string(32, 'x'));
  CHECK(opening_error(directory.path()) == "journal.key");
  CHECK(opening_error(directory.path(), true) == "journal.key");
  put(right.substr(1));
  CHECK(opening_error(directory.path()) == "journal.key");
  std::filesystem::remove(key);
  CHECK(opening_error(directory.path()) == "journal.key");
  CHECK(opening_error(directory.path(), true) == "journal.key");
  CHECK(!std::filesystem::exists(key));
  put(right);
  CHECK(opening_error(directory.path()) == "journal.key");  // made with the test's umask
  REQUIRE(::chmod(key.c_str(), 0600) == 0);

  auto journal = opened(directory.path(), clock);
  CHECK((*journal->find_by_key(key_of(1)))->request == fresh_item(WorkId{1}, 1).request);
}

TEST_CASE("a lost key is missed as long as a dead letter's request is sealed with it") {
  TempDir directory;
  ManualClock clock;
  {
    auto journal = opened(directory.path(), clock);
    WorkItem dead = fresh_item(journal->next_id(), 1);
    dead.state = ItemState::Dead;
    REQUIRE(commit_now(*journal, {dead, true, {}}) == CommitResult::Committed);
  }
  std::filesystem::remove(directory.path() / "journal.key");
  CHECK(opening_error(directory.path()) == "journal.key");
  CHECK(opening_error(directory.path(), true) == "journal.key");
}

TEST_CASE("a lost key is replaced when nothing is sealed with it") {
  TempDir directory;
  ManualClock clock;
  {
    auto journal = opened(directory.path(), clock);
    REQUIRE(commit_now(*journal, {issued(fresh_item(journal->next_id(), 1)), true, {}}) ==
            CommitResult::Committed);
  }
  std::filesystem::remove(directory.path() / "journal.key");
  CHECK((*opened(directory.path(), clock, true)->find_by_key(key_of(1)))->state == ItemState::Done);
  CHECK(!std::filesystem::exists(directory.path() / "journal.key"));
  {
    auto journal = opened(directory.path(), clock);
    REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), 2), true, {}}) == CommitResult::Committed);
  }
  CHECK((*opened(directory.path(), clock)->find_by_key(key_of(2)))->request.size() == 800);
}
