#include "host/pipeline/timer.hpp"

#include <pthread.h>
#include <signal.h>

namespace certspan {

Timer::Timer(const Clock& clock) : clock_(clock) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Timer::~Timer() {
  stop();
}

void Timer::at(TimePoint when, Job job) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  const auto place = jobs_.emplace(when, std::move(job));
  if (place == jobs_.begin()) changed_.notify_one();
}

void Timer::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Timer::run() {
  pthread_setname_np(pthread_self(), "certspan-timer");
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && (jobs_.empty() || jobs_.begin()->first > clock_.now())) {
        if (jobs_.empty()) {
          changed_.wait(lock);
        } else {
          const TimePoint next = jobs_.begin()->first;
          changed_.wait_until(lock, next);
        }
      }
      if (stopping_) return;
      job = std::move(jobs_.begin()->second);
      jobs_.erase(jobs_.begin());
    }
    job();
  }
}

}  // namespace certspan
