// Commits per second and the latency of a lone commit, beside what the disk's bare sync costs at that moment:
//   journal_bench [DIRECTORY]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/journal_load.hpp"

using namespace certspan;
using namespace certspan::bench;

namespace {

constexpr std::size_t kRounds = 5;
constexpr std::size_t kBlock = 4096;

void print(const char* name, const Load& load, double against_p50, double against_per_second) {
  std::printf("%-44s %9.0f /s  p50 %7.0f us  p99 %7.0f us  cpu %6.1f us  x%.2f of a sync, %.2f of its rate\n",
              name, load.per_second, load.p50_us, load.p99_us, load.cpu_us, load.p50_us / against_p50,
              load.per_second / against_per_second);
}

void run(Journal& journal, const std::filesystem::path& directory) {
  std::uint64_t number = 1;
  const auto fresh = [&](auto make) {
    return [&journal, &number, make](std::uint64_t) { return make(journal, number++); };
  };
  struct Case {
    const char* name;
    std::size_t in_flight;
    std::size_t count;
    Transition (*make)(Journal&, std::uint64_t);
  };
  const std::vector<Case> cases = {{"lone enrolment (item + ledger)", 1, 300, local_enrolment},
                                   {"enrolments, 4 in flight", 4, 1000, local_enrolment},
                                   {"enrolments, 16 in flight", 16, 2000, local_enrolment},
                                   {"enrolments, 64 in flight", 64, 6000, local_enrolment},
                                   {"acceptances, 64 in flight", 64, 4000, acceptance}};
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Load sync = sync_load(directory, kBlock, 300);
    print("write of 4 KiB + fdatasync", sync, sync.p50_us, sync.per_second);
    for (const Case& c : cases) {
      print(c.name, commit_load(journal, c.in_flight, c.count, fresh(c.make)), sync.p50_us, sync.per_second);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string name = (argc > 1 ? std::string(argv[1]) : std::string("/tmp")) + "/journal-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const std::filesystem::path directory(name);
  {
    JournalOptions options;
    options.directory = directory;
    auto journal = open_journal(options);
    if (!journal) {
      std::fprintf(stderr, "%s\n", journal.error().message.c_str());
      return 1;
    }
    run(**journal, directory);
  }
  std::filesystem::remove_all(directory);
  return 0;
}
