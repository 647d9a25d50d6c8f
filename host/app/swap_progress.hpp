#pragma once

#include <string>
#include <vector>

#include "host/base/mutex.hpp"

namespace certspan {

/// What a swap has done so far, told to who asked for it while it goes on. Thread-safe.
class SwapProgress {
 public:
  void begin() {
    const MutexLock lock(mutex_);
    steps_.clear();
  }
  void add(std::string step) {
    const MutexLock lock(mutex_);
    steps_.push_back(std::move(step));
  }
  std::vector<std::string> steps() const {
    const MutexLock lock(mutex_);
    return steps_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> steps_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
