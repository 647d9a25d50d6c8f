#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define CERTSPAN_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define CERTSPAN_THREAD_ANNOTATION(x)
#endif

#define CERTSPAN_GUARDED_BY(x) CERTSPAN_THREAD_ANNOTATION(guarded_by(x))
#define CERTSPAN_REQUIRES(...) CERTSPAN_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define CERTSPAN_EXCLUDES(...) CERTSPAN_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define CERTSPAN_NO_THREAD_ANALYSIS CERTSPAN_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace certspan {

/// std::mutex with the annotations that clang's -Wthread-safety checks (libstdc++'s carries none).
class CERTSPAN_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() CERTSPAN_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() CERTSPAN_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool try_lock() CERTSPAN_THREAD_ANNOTATION(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope; can be given up early and taken again.
class CERTSPAN_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CERTSPAN_THREAD_ANNOTATION(acquire_capability(mutex)) : lock_(mutex) {}
  ~MutexLock() CERTSPAN_THREAD_ANNOTATION(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() CERTSPAN_THREAD_ANNOTATION(release_capability()) { lock_.unlock(); }
  void lock() CERTSPAN_THREAD_ANNOTATION(acquire_capability()) { lock_.lock(); }

  /// For Condition only.
  std::unique_lock<Mutex>& native() { return lock_; }

 private:
  std::unique_lock<Mutex> lock_;
};

/// A condition variable over Mutex. Callers loop on their predicate themselves, so that the analysis sees the
/// lock held.
class Condition {
 public:
  void wait(MutexLock& lock) { condition_.wait(lock.native()); }
  template <typename TimePoint>
  bool wait_until(MutexLock& lock, const TimePoint& deadline) {
    return condition_.wait_until(lock.native(), deadline) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace certspan
