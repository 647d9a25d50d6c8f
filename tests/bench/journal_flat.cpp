// Slices for tests/bench/journal_flat.py:
//   journal_flat DIRECTORY
// Two journals with the same kOpen open items, one beside kFew finished ones and one beside kMany. `few` and
// `many` claim all open items, which is a durable commit, and list them kLists times; `look_up` finds
// finished items among the many by their keys, in no order.
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "tests/bench/finished_items.hpp"
#include "tests/bench/journal_load.hpp"
#include "tests/bench/slice_server.hpp"
#include "tests/host/journal/journal_items.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::uint64_t kFew = 1'000;
constexpr std::uint64_t kMany = 1'000'000;
constexpr std::uint64_t kOpen = 200;
constexpr int kLists = 10;
constexpr int kLookUps = 200;

std::unique_ptr<Journal> opened(const std::filesystem::path& directory) {
  JournalOptions options;
  options.directory = directory;
  auto journal = open_journal(options);
  if (!journal) throw std::runtime_error(journal.error().message);
  return std::move(*journal);
}

std::unique_ptr<Journal> made(const std::filesystem::path& directory, std::uint64_t finished) {
  std::filesystem::create_directories(directory);
  opened(directory).reset();
  put_finished(directory, finished);
  auto journal = opened(directory);
  commit_load(*journal, kOpen, kOpen, [&](std::uint64_t n) { return acceptance(*journal, kMany + 1 + n); });
  return journal;
}

void claim_and_list(Journal& journal) {
  const auto claimed = journal.claim_open();
  if (!claimed || claimed->size() != kOpen) throw std::runtime_error("not every open item was claimed");
  ItemFilter filter;
  filter.finished = false;
  for (int i = 0; i < kLists; ++i) {
    const auto listed = journal.list(filter);
    if (!listed || listed->size() != filter.limit) throw std::runtime_error("the open items were not listed");
  }
}

/// Numbers from 1 to kMany, in no order.
std::uint64_t scattered(std::uint64_t n) {
  return n * 611'953 % kMany + 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: journal_flat DIRECTORY\n";
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  const auto few = made(directory / "few", kFew);
  const auto many = made(directory / "many", kMany);
  std::uint64_t looked_up = 0;
  const auto claims = [](Journal& journal) {
    return [&journal](auto length) {
      return repeat_on_threads(1, length, [&](std::size_t) {
        claim_and_list(journal);
        return std::uint64_t{1};
      });
    };
  };
  return serve({{"few", claims(*few)},
                {"many", claims(*many)},
                {"look_up", [&](auto length) {
                   return repeat_on_threads(1, length, [&](std::size_t) {
                     for (int i = 0; i < kLookUps; ++i) {
                       const auto found = many->find_by_key(testing::key_of(scattered(++looked_up)));
                       if (!found || !*found) throw std::runtime_error("a finished item was not found");
                     }
                     return std::uint64_t{kLookUps};
                   });
                 }}});
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
