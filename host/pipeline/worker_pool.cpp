#include "host/pipeline/worker_pool.hpp"

#include <pthread.h>
#include <signal.h>

namespace certspan {

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

bool WorkerPool::post(Job&& job) {
  MutexLock lock(mutex_);
  if (alive_ == 0) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

bool WorkerPool::try_post(Job job) {
  MutexLock lock(mutex_);
  if (stopping_ || jobs_.size() >= queue_limit_) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t WorkerPool::queued() const {
  MutexLock lock(mutex_);
  return jobs_.size();
}

void WorkerPool::run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) changed_.wait(lock);
      if (jobs_.empty()) {
        --alive_;
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace certspan
