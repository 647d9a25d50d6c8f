#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "host/base/mutex.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// Steps that only the main thread may take, brought by other threads: whatever puts one thing that runs in
/// the place of another. They are short, since signals and versions on probation wait for them. A signal of
/// its own wakes the main thread, which waits for signals anyway.
class MainThread {
 public:
  /// The signal; blocked in every thread.
  static int wake_signal();

  /// Has the main thread take `step`, which gives back a Result, and waits for what came of it; what it
  /// throws is thrown here. Error "host.stopping" when it takes no more. Not for the main thread itself.
  template <typename Step>
  std::invoke_result_t<Step&> have_done(Step step) {
    std::optional<std::invoke_result_t<Step&>> result;
    CERTSPAN_CHECK(wait_for([&] { result.emplace(step()); }));
    return std::move(*result);
  }

  /// On the main thread: takes the steps that wait.
  void take_steps();
  /// On the main thread: whoever waits, now or later, hears that the host stops.
  void close();

 private:
  struct Task {
    std::function<void()> step;
    std::promise<Result<void>> done;
  };
  Result<void> wait_for(std::function<void()> step);
  std::unique_ptr<Task> next();

  Mutex mutex_;
  std::deque<std::unique_ptr<Task>> tasks_ CERTSPAN_GUARDED_BY(mutex_);
  bool closed_ CERTSPAN_GUARDED_BY(mutex_) = false;
};

/// What whoever brings work hears when the host has begun to end.
Error host_stopping();

}  // namespace certspan
