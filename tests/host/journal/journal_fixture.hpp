#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "host/journal/audit_verifier.hpp"
#include "host/journal/journal.hpp"
#include "tests/host/journal/journal_items.hpp"

namespace certspan::testing {

constexpr WallMs kDay = 24LL * 3600 * 1000;
/// Where the clock of a test begins: 2027-01-15.
constexpr WallMs kStart = 1'800'000'000'000;

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
  std::atomic<WallMs> wall_{kStart};
};

/// A file's bytes; "" if it can't be read.
std::string content_of(const std::filesystem::path& path);

/// Runs SQL that changes something in the database of a journal that is closed, as somebody would who has the
/// file.
void change_database(const std::filesystem::path& directory, const std::string& sql);

/// Opens a journal or fails the test.
std::unique_ptr<Journal> opened(const std::filesystem::path& directory, const Clock& clock,
                                bool read_only = false);
/// The code of the error that opening gives; "" if it opens.
std::string opening_error(const std::filesystem::path& directory, bool read_only = false);

/// What is wrong with the audit chain; fails the test if that is not one thing.
std::string only_fault(const AuditVerifier::Verdict& verdict);

}  // namespace certspan::testing
