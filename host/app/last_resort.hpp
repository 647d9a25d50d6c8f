#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "host/base/mutex.hpp"

namespace certspan {

/// Calls `late` if it still exists at `deadline`: for an end that some plugin may keep from coming.
class LastResort {
 public:
  LastResort(std::chrono::steady_clock::time_point deadline, std::function<void()> late);
  ~LastResort();
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;

 private:
  Mutex mutex_;
  Condition changed_;
  bool over_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace certspan
