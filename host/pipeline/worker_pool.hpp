#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/mutex.hpp"

namespace certspan {

/// A fixed number of threads over one queue. The pool of cpu steps is as wide as the cores; each `waits`
/// connector has one of its own, so a stuck CA starves only itself. The queue is bounded by what is let in:
/// callers that bring new work ask `try_post`, callers that go on with accepted work use `post`.
///
/// Thread-safe. Jobs must not throw. Signals are blocked on its threads.
class WorkerPool {
 public:
  using Job = std::function<void()>;

  /// `name` is the thread name (15 characters are kept). `queue_limit` bounds `try_post`.
  WorkerPool(const std::string& name, std::size_t threads, std::size_t queue_limit);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and `job` untouched, when the pool's threads have ended.
  bool post(Job&& job);
  /// False, and nothing done, when the queue is full or the pool is stopping.
  bool try_post(Job job);
  /// Runs what is queued, then ends the threads. Legal twice.
  void stop();

  std::size_t queued() const;

 private:
  void run();

  const std::string name_;
  const std::size_t queue_limit_;
  mutable Mutex mutex_;
  Condition changed_;
  std::deque<Job> jobs_ CERTSPAN_GUARDED_BY(mutex_);
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::size_t alive_ CERTSPAN_GUARDED_BY(mutex_) = 0;  ///< threads that will look at the queue again
  std::vector<std::thread> threads_;
};

}  // namespace certspan
