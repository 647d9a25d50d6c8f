#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/mutex.hpp"
#include "host/journal/group_writer.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/reader_pool.hpp"

namespace certspan {

/// Whether a finished item may go: it ended `retention` ago, and no certificate stands in its row that is
/// still good. A certificate whose end nobody told is kept for ten years.
bool outlived(const WorkItem& item, std::chrono::milliseconds retention, WallMs now);

/// Removes finished items that have outlived their retention, and gives their pages back to the file system,
/// in small steps that go to the journal's writer like any other change: enrolments are committed between
/// them, and with them. Has a thread of its own. Thread-safe.
class Retention {
 public:
  using GoOn = std::function<bool()>;

  /// `writer`, `readers` and `clock` outlive this.
  Retention(GroupWriter& writer, ReaderPool& readers, const Clock& clock, const JournalOptions& options);
  ~Retention();
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  /// From the next step on.
  void keep_for(std::chrono::milliseconds keep) { keep_ = keep; }

  /// Looks at every finished item that was accepted longer ago than the retention, once. `go_on` is asked
  /// between two steps. Returns how many were removed. Not from the writer's thread. Errors: those of
  /// reading, journal.full, journal.io.
  Result<std::uint64_t> pass(const GoOn& go_on);
  /// Removes the oldest refused items of which there are too many; none whose certificate was withheld, for
  /// that is evidence. Otherwise as `pass`.
  Result<std::uint64_t> thin_out(const GoOn& go_on);
  /// Shrinks the file until no more than `reserve` free pages are left in it, or until that stops helping.
  Result<void> give_back(std::int64_t reserve, const GoOn& go_on);

 private:
  void run();
  /// Waits; false when this ends.
  bool wait(std::chrono::milliseconds time);
  void remove_and_shrink();
  Result<void> commit(Change change);

  GroupWriter& writer_;
  ReaderPool& readers_;
  const Clock& clock_;
  const RetentionPace pace_;
  const std::size_t most_refused_;
  std::atomic<std::chrono::milliseconds> keep_;

  Mutex mutex_;
  Condition wake_;
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace certspan
