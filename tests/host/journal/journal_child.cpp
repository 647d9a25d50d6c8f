// A host's journal in a process of its own, for tests that kill it: commits items from two threads and writes
// each one's number to its output once it was reported committed.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#include "host/base/mutex.hpp"
#include "tests/host/journal/journal_items.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(3);
}

/// Accepts, and finishes every second one.
void work(Journal& journal, std::atomic<std::uint64_t>& numbers) {
  for (;;) {
    const std::uint64_t number = ++numbers;
    const WorkItem item = fresh_item(journal.next_id(), number);
    if (commit_now(journal, {item, true, {}}) != CommitResult::Committed) ::_exit(4);
    if (number % 2 == 0 && commit_now(journal, {issued(item), false, {}}) != CommitResult::Committed)
      ::_exit(5);
    say(std::to_string(number) + "\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  ::alarm(60);
  JournalOptions options;
  options.directory = argv[1];
  auto journal = open_journal(options);
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().message.c_str());
    return 1;
  }
  std::atomic<std::uint64_t> numbers{0};
  std::thread other([&] { work(**journal, numbers); });
  work(**journal, numbers);
}
