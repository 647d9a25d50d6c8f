#pragma once

#include <atomic>
#include <thread>

#include "host/base/mutex.hpp"
#include "host/journal/group_committer.hpp"
#include "host/journal/sqlite.hpp"

namespace certspan {

/// When pages are moved, in frames of the log, which are pages of 4 KiB.
struct CheckpointPace {
  int step = 4000;  ///< 16 MiB at a time write each page of an index once for many changes
  int cap = 12000;
};

/// Moves pages from the write-ahead log to the database file, on a thread and a connection of its own, so
/// that no commit pays for it: whenever the log has grown by some megabytes, and when the journal is idle.
/// If the log nears its cap, the last pages are moved between two commits, after which the log starts anew.
class Checkpointer {
 public:
  /// `committer` outlives this.
  Checkpointer(sql::Database database, GroupCommitter& committer, CheckpointPace pace = {});
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// A group was committed. Cheap; from the writer's thread.
  void log_grew();

 private:
  void run();
  /// False when nothing may be moved any more: a write or sync failed.
  bool move_pages();
  sql::Tried<void> move_once();

  GroupCommitter& committer_;
  const CheckpointPace pace_;
  sql::Database database_;           ///< the thread's own
  sql::Database::Checkpoint moved_;  ///< the thread's own: how the last one ended
  int last_frames_ = 0;              ///< the writer's own
  std::atomic<int> wake_at_;         ///< log length worth waking the thread for
  std::atomic<bool> asleep_{true};   ///< nothing to move; the next commit wakes the thread

  Mutex mutex_;
  Condition wake_;
  bool due_ CERTSPAN_GUARDED_BY(mutex_) = false;
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace certspan
