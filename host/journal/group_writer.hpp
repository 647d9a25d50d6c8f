#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/journal/change.hpp"
#include "host/journal/group_committer.hpp"

namespace certspan {

/// The writer's thread: takes changes from a queue and commits them in groups. Thread-safe.
///
/// How long it gathers follows the load. While few changes are on their way a commit starts at once, for
/// waiting would only add to its latency. While many are, it waits until as many have come as were on their
/// way lately, but never longer than `longest_gather` after the first one came.
class GroupWriter {
 public:
  using Done = std::function<void(CommitResult)>;

  /// `committer` outlives this. `after_group` is called on the writer's thread after each group.
  GroupWriter(GroupCommitter& committer, std::chrono::microseconds longest_gather,
              std::function<void()> after_group);
  /// Commits what is queued, then ends.
  ~GroupWriter();
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  /// Of a change that is answered already `done` hears on the writer's thread, as always.
  void submit(MadeChange change, Done done);
  /// Returns when it is decided. Not from the writer's thread.
  CommitResult submit_and_wait(MadeChange change);

 private:
  struct Member {
    MadeChange change;
    Done done;
  };

  void run();
  /// Waits for members as described above. At least one is queued.
  void gather(MutexLock& lock) CERTSPAN_REQUIRES(mutex_);
  void take_group() CERTSPAN_REQUIRES(mutex_);
  void commit_group();
  void learn() CERTSPAN_REQUIRES(mutex_);

  GroupCommitter& committer_;
  const std::chrono::microseconds longest_gather_;
  const std::function<void()> after_group_;

  Mutex mutex_;
  Condition wake_;
  std::vector<Member> queue_ CERTSPAN_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point first_queued_ CERTSPAN_GUARDED_BY(mutex_);
  std::size_t wake_at_ CERTSPAN_GUARDED_BY(mutex_) = 1;   ///< queue length worth waking the writer for
  std::size_t expected_ CERTSPAN_GUARDED_BY(mutex_) = 0;  ///< changes on their way lately
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;

  // The writer's own.
  std::vector<Member> group_;
  std::vector<const Change*> changes_;
  std::vector<CommitResult> results_;

  std::thread thread_;
};

}  // namespace certspan
