#include "host/app/last_resort.hpp"

#include <utility>

namespace certspan {

LastResort::LastResort(std::chrono::steady_clock::time_point deadline, std::function<void()> late)
    : thread_([this, deadline, late = std::move(late)] {
        MutexLock lock(mutex_);
        while (!over_) {
          if (changed_.wait_until(lock, deadline) || over_) continue;
          lock.unlock();
          late();
          lock.lock();
          return;
        }
      }) {}

LastResort::~LastResort() {
  {
    const MutexLock lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

}  // namespace certspan
