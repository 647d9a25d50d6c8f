#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/journal/journal.hpp"

namespace certspan::testing {

/// A directory of its own, removed with all that is in it.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A wall clock that stands until a test moves it. Thread-safe.
class ManualClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  WallMs wall_ms() const override { return wall_; }
  void set(WallMs wall) { wall_ = wall; }

 private:
  std::atomic<WallMs> wall_{1'800'000'000'000};
};

/// A key that differs with `number`.
ItemKey key_of(std::uint64_t number);

/// An open item with every field that a fresh item has.
WorkItem fresh_item(WorkId id, std::uint64_t number);
/// The same item after it was issued.
WorkItem issued(WorkItem item);

StoreWrite store_write(std::string connector, std::string key, std::uint64_t expected, std::string value);

/// Commits and waits for the answer.
CommitResult commit_now(Journal& journal, Transition transition);
/// Hands all over at once, so that they meet in one group as far as possible, and waits for all answers.
std::vector<CommitResult> commit_together(Journal& journal, std::vector<Transition> transitions);

/// Opens a journal or fails the test.
std::unique_ptr<Journal> opened(const std::filesystem::path& directory, const Clock& clock,
                                bool read_only = false);
/// The code of the error that opening gives; "" if it opens.
std::string opening_error(const std::filesystem::path& directory, bool read_only = false);

}  // namespace certspan::testing
