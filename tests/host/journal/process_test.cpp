#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

/// A process that commits items, until it is killed.
class Child {
 public:
  explicit Child(const std::filesystem::path& directory) {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = JOURNAL_CHILD;
    std::string argument = directory.string();
    char* arguments[] = {program.data(), argument.data(), nullptr};
    REQUIRE(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    ::fclose(output_);
  }

  pid_t pid() const { return pid_; }
  /// The number of the next item that was reported committed; 0 when there is none.
  std::uint64_t next() {
    unsigned long long number = 0;
    return std::fscanf(output_, "%llu", &number) == 1 ? number : 0;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
};

std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files[entry.path().filename()] = content_of(entry.path());
  }
  return files;
}

Error error_of(const std::filesystem::path& directory, bool read_only) {
  JournalOptions options;
  options.directory = directory;
  options.read_only = read_only;
  auto journal = open_journal(options);
  REQUIRE(!journal);
  return journal.error();
}

}  // namespace

TEST_CASE("what a killed host reported committed is there, read by a command first, then by the next host") {
  TempDir directory;
  ManualClock clock;
  std::vector<std::uint64_t> reported;
  {
    Child child(directory.path());
    while (reported.size() < 200) {
      reported.push_back(child.next());
      REQUIRE(reported.back() != 0);
    }
    child.kill();
    for (std::uint64_t number = child.next(); number != 0; number = child.next()) reported.push_back(number);
  }
  const auto check = [&](Journal& journal) {
    for (const std::uint64_t number : reported) {
      const auto found = journal.find_by_key(key_of(number));
      REQUIRE(found);
      REQUIRE(found->has_value());
      CHECK((*found)->state == (number % 2 == 0 ? ItemState::Done : ItemState::Ready));
    }
  };
  const auto before = contents(directory.path());
  REQUIRE(!before.at("journal.db-wal").empty());
  {
    const auto reader = opened(directory.path(), clock, true);
    const auto another = opened(directory.path(), clock, true);
    check(*reader);
    check(*another);
    CHECK(reader->list({})->size() == 100);
    CHECK(reader->counts()->ready > 0);
  }
  CHECK(contents(directory.path()) == before);

  const auto journal = opened(directory.path(), clock);
  check(*journal);
  const auto open = journal->claim_open();
  REQUIRE(open);
  CHECK(open->size() >= reported.size() / 2 - 2);
}

TEST_CASE("a directory that a running host holds is refused, to hosts and readers, with its process") {
  TempDir directory;
  Child child(directory.path());
  REQUIRE(child.next() != 0);
  for (const bool read_only : {false, true}) {
    const Error error = error_of(directory.path(), read_only);
    CHECK(error.code == "journal.locked");
    CHECK(error.message.find("held by process " + std::to_string(child.pid())) != std::string::npos);
  }
  child.kill();
  CHECK(opening_error(directory.path()).empty());
}

#if defined(CERTSPAN_FAILPOINTS)
TEST_CASE("a host that ends at a failpoint of the journal has kept what it reported") {
  const std::string point = GENERATE("journal.commit.before:5", "journal.commit.after:5");
  TempDir directory;
  ManualClock clock;
  std::vector<std::uint64_t> reported;
  REQUIRE(::setenv("CERTSPAN_FAILPOINT", point.c_str(), 1) == 0);
  {
    Child child(directory.path());
    for (std::uint64_t number = child.next(); number != 0; number = child.next()) reported.push_back(number);
  }
  ::unsetenv("CERTSPAN_FAILPOINT");
  const auto journal = opened(directory.path(), clock);
  CHECK(!journal->list({})->empty());
  for (const std::uint64_t number : reported) CHECK(journal->find_by_key(key_of(number))->has_value());
}
#endif
