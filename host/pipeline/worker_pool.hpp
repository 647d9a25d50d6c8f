#pragma once

#include <string>
#include <thread>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/pipeline/fair_queue.hpp"

namespace certspan {

/// A fixed number of threads, for which the owners of jobs take turns. One is for cpu
/// steps; each `waits` connector has one of its own, so a stuck CA starves only itself. The queue is
/// bounded by what is let in: callers that bring new work ask `try_post`, callers that go on with accepted
/// work use `post`, and look at `full` before they accept some.
///
/// Thread-safe. Jobs must not throw. Signals are blocked on its threads.
class WorkerPool {
 public:
  using Job = FairQueue::Job;

  /// `name` is the thread name (15 characters are kept). `queue_limit`: jobs that may
  /// wait; see `try_post` and `full`.
  WorkerPool(const std::string& name, std::size_t threads, std::size_t queue_limit);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and `job` untouched, when the pool's threads have ended.
  bool post(const Turn& turn, Job&& job);
  /// False, and nothing done, when the pool is stopping or the queue is full for that owner: a group may have
  /// as many new jobs waiting as there are free places, and a lane half as many. So whoever floods the queue
  /// leaves places for the others, and they leave places for who comes next.
  bool try_post(const Turn& turn, Job job);
  /// Its threads end when nothing is queued any more; does not wait for that. Legal twice.
  void close();
  /// The same, and waits. Legal twice; not on a thread of the pool.
  void stop();

  std::size_t queued() const;
  /// As much waits as may.
  bool full() const { return queued() >= queue_limit_; }

 private:
  void run();
  bool idle() const CERTSPAN_REQUIRES(mutex_) { return accepted_.empty() && fresh_.empty(); }
  Job next() CERTSPAN_REQUIRES(mutex_);

  const std::string name_;
  const std::size_t queue_limit_;
  mutable Mutex mutex_;
  Condition changed_;
  FairQueue accepted_ CERTSPAN_GUARDED_BY(mutex_);
  FairQueue fresh_ CERTSPAN_GUARDED_BY(mutex_);
  unsigned turn_ CERTSPAN_GUARDED_BY(mutex_) = 0;
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::size_t alive_ CERTSPAN_GUARDED_BY(mutex_) = 0;  ///< threads that will look at the queue again
  std::vector<std::thread> threads_;
};

}  // namespace certspan
