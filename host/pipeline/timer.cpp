#include "host/pipeline/timer.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

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

void Timer::upkeep_after(std::chrono::milliseconds delay, Job job) {
  add(clock_.now() + delay, {std::move(job), true});
}

void Timer::add(TimePoint when, Dated dated) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  const auto place = jobs_.emplace(when, std::move(dated));
  if (place == jobs_.begin()) changed_.notify_one();
}

std::optional<Timer::TimePoint> Timer::next() const {
  MutexLock lock(mutex_);
  const auto first = std::ranges::find_if(jobs_, [](const auto& one) { return !one.second.upkeep; });
  if (first == jobs_.end()) return std::nullopt;
  return first->first;
}

void Timer::clock_moved() {
  MutexLock lock(mutex_);
  changed_.notify_one();
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
          // By how much rather than until when: the clock may be another one than the machine's.
          const auto left = jobs_.begin()->first - clock_.now();
          changed_.wait_until(lock, std::chrono::steady_clock::now() + left);
        }
      }
      if (stopping_) return;
      job = std::move(jobs_.begin()->second.job);
      jobs_.erase(jobs_.begin());
    }
    job();
  }
}

}  // namespace certspan
