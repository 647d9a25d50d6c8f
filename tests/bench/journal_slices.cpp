// Slices for tests/bench/journal_commit.py:
//   journal_slices DIRECTORY
// `journal` commits enrolments (the finished item and the CA's ledger record), kInFlight at a time, each
// durable before it is answered; `sqlite` writes as many rows of that size with SQLite alone, kInFlight
// enrolments in a transaction; `sync` appends 4 KiB and syncs, again and again.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>

#include "tests/bench/bare_sqlite.hpp"
#include "tests/bench/journal_load.hpp"
#include "tests/bench/slice_server.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::size_t kInFlight = 64;
constexpr std::size_t kChunk = 2048;
constexpr std::size_t kSyncBlock = 4096;
constexpr std::size_t kSyncs = 32;
// What the journal writes for one such enrolment, as sqlite3 shows it: the finished item, and the record.
constexpr std::size_t kItemBytes = 330;
constexpr std::size_t kCertificateBytes = 1100;

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: journal_slices DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  JournalOptions options;
  options.directory = directory / "journal";
  std::filesystem::create_directories(options.directory);
  const auto journal = open_journal(options);
  if (!journal) {
    std::cerr << journal.error().message << '\n';
    return 1;
  }
  BareSqlite sqlite(directory);
  std::uint64_t number = 1;
  return serve({
      {"journal",
       [&](auto length) {
         return repeat_on_threads(1, length, [&](std::size_t) {
           commit_load(**journal, kInFlight, kChunk,
                       [&](std::uint64_t) { return local_enrolment(**journal, number++); });
           return std::uint64_t{kChunk};
         });
       }},
      {"sqlite",
       [&](auto length) {
         return repeat_on_threads(1, length, [&](std::size_t) {
           sqlite.commit(kInFlight, kItemBytes, kCertificateBytes);
           return std::uint64_t{kInFlight};
         });
       }},
      {"sync",
       [&](auto length) {
         return repeat_on_threads(1, length, [&](std::size_t) {
           sync_load(directory, kSyncBlock, kSyncs);
           return std::uint64_t{kSyncs};
         });
       }},
  });
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
