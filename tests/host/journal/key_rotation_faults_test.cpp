#include <catch2/catch.hpp>

#include "host/journal/key_rotation.hpp"
#include "tests/host/journal/journal_fixture.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

constexpr std::uint64_t kSealedItems = 40;

void fill_with_open_items(const std::filesystem::path& directory) {
  ManualClock clock;
  const auto journal = opened(directory, clock);
  for (std::uint64_t n = 0; n < kSealedItems; ++n) {
    REQUIRE(commit_now(*journal, {fresh_item(journal->next_id(), n), true, {}}) == CommitResult::Committed);
  }
}

bool says(const Error& error, const char* words) {
  return error.message.find(words) != std::string::npos;
}

/// "" if every item opens, and after the rotation was ended still does.
std::string lost_in(const std::filesystem::path& directory) {
  for (const bool ended : {false, true}) {
    if (ended) {
      const auto rotation = rotate_key(directory, {});
      if (!rotation) return "can't be ended: " + rotation.error().message;
      if (std::filesystem::exists(directory / "journal.key.next")) return "the next key is left";
    }
    ManualClock clock;
    JournalOptions options;
    options.directory = directory;
    options.clock = &clock;
    const auto journal = open_journal(options);
    if (!journal) return "does not open: " + journal.error().message;
    const auto inspected = (*journal)->inspect();
    if (!inspected || !inspected->faults.empty()) return "is not sound";
    for (std::uint64_t n = 0; n < kSealedItems; ++n) {
      const auto item = (*journal)->find_by_key(key_of(n));
      if (!item || !*item || (*item)->request.size() != 800) return "item " + std::to_string(n) + " is lost";
    }
  }
  return {};
}

void copy_keys(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.path().filename().string().starts_with("journal.key")) {
      std::filesystem::copy_file(entry.path(), to / entry.path().filename());
    }
  }
}

}  // namespace

TEST_CASE("a rotation on a disk that fails or is full says so, and the next one ends it") {
  const auto [operation, fault, code] = GENERATE(table<FaultVfs::Operation, FaultVfs::Fault, const char*>(
      {{FaultVfs::Operation::Write, FaultVfs::Fault::NoSpace, "journal.full"},
       {FaultVfs::Operation::Write, FaultVfs::Fault::InputOutput, "journal.io"},
       {FaultVfs::Operation::Sync, FaultVfs::Fault::InputOutput, "journal.io"}}));
  bool met = true;
  bool old_key_stayed = false;
  bool new_key_held = false;
  for (int nth = 1; met; ++nth) {
    CAPTURE(nth);
    TempDir directory;
    FaultVfs disk;
    fill_with_open_items(directory.path());
    const int before = disk.met();
    disk.fail(operation, nth, fault);
    const auto rotation = rotate_key(directory.path(), {});
    met = disk.met() > before;
    disk.heal();
    if (!rotation) {
      CHECK(met);
      CHECK(rotation.error().code == code);
      old_key_stayed = old_key_stayed || says(rotation.error(), "the old key stays in force: run");
      new_key_held =
          new_key_held || says(rotation.error(), "the new key is in force, but the old one is not");
    }
    CHECK(lost_in(directory.path()) == "");
  }
  CHECK(old_key_stayed == (fault == FaultVfs::Fault::NoSpace));
  CHECK(new_key_held);
}

TEST_CASE("a power cut anywhere in a rotation loses nothing, and the next one ends it") {
  TempDir cuts;
  std::vector<std::filesystem::path> images;
  {
    TempDir directory;
    FaultVfs disk;
    fill_with_open_items(directory.path());
    disk.before_sync([&](const std::filesystem::path&) {
      for (const auto cut :
           {FaultVfs::Cut::KeepsNothing, FaultVfs::Cut::KeepsAll, FaultVfs::Cut::KeepsSome}) {
        images.push_back(cuts.path() / std::to_string(images.size()));
        std::filesystem::create_directory(images.back());
        disk.survive(images.back(), cut, static_cast<std::uint32_t>(images.size()));
        copy_keys(directory.path(), images.back());
      }
    });
    REQUIRE(rotate_key(directory.path(), {}));
    disk.before_sync({});
  }
  CHECK(images.size() >= 12);
  for (const auto& image : images) {
    CAPTURE(image);
    CHECK(lost_in(image) == "");
  }
}
