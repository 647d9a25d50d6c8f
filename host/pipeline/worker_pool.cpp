#include "host/pipeline/worker_pool.hpp"

#include <pthread.h>
#include <signal.h>

namespace certspan {
namespace {

constexpr unsigned kTurns = 4;  // one of them is for new work, whatever else waits

}  // namespace

WorkerPool::WorkerPool(const std::string& name, std::size_t threads, std::size_t queue_limit)
    : name_(name.substr(0, 15)), queue_limit_(queue_limit), alive_(threads) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::post(const Turn& turn, Job&& job) {
  MutexLock lock(mutex_);
  if (alive_ == 0) return false;
  accepted_.push(turn, std::move(job));
  changed_.notify_one();
  return true;
}

bool WorkerPool::try_post(const Turn& turn, Job job) {
  MutexLock lock(mutex_);
  if (stopping_ || fresh_.size() >= queue_limit_) return false;
  const std::size_t free = queue_limit_ - fresh_.size();
  if (fresh_.size_of_group(turn.group) >= free || fresh_.size_of_lane(turn) > free / 2) return false;
  fresh_.push(turn, std::move(job));
  changed_.notify_one();
  return true;
}

void WorkerPool::close() {
  MutexLock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void WorkerPool::stop() {
  close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::queued() const {
  MutexLock lock(mutex_);
  return accepted_.size() + fresh_.size();
}

/// What was accepted goes first, for it ends and makes room; but it can't hold up new work for good.
WorkerPool::Job WorkerPool::next() {
  const bool for_fresh = ++turn_ % kTurns == 0;
  const bool fresh = accepted_.empty() || (for_fresh && !fresh_.empty());
  return fresh ? fresh_.pop() : accepted_.pop();
}

void WorkerPool::run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (idle() && !stopping_) changed_.wait(lock);
      if (idle()) {
        --alive_;
        return;
      }
      job = next();
    }
    job();
  }
}

}  // namespace certspan
