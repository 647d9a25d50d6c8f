#pragma once

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "host/base/mutex.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// The thread on which what runs is changed: swaps, changed configurations, certificates of listeners. A
/// change enters plugins that have yet to show that they come back, so nobody but who asked for it waits for
/// it, and it takes what only the main thread may do there step by step. One at a time.
class ChangeThread {
 public:
  using Clock = std::chrono::steady_clock;
  using Change = std::function<Result<nlohmann::json>()>;

  ChangeThread() = default;
  ~ChangeThread();
  ChangeThread(const ChangeThread&) = delete;
  ChangeThread& operator=(const ChangeThread&) = delete;

  void start();

  /// How long a change waits for its turn: those before it may never come back.
  static constexpr std::chrono::seconds kPatience{10};

  /// Makes a change and waits for what came of it; what it throws is thrown here. `name` says to people which
  /// one it is. Errors: change.under_way (its turn did not come within `kPatience`), host.stopping.
  Result<nlohmann::json> have_done(std::string name, Change change);
  /// Makes a change after the one that is under way. One of a name waits at most: the next one stands for all
  /// that came meanwhile.
  void do_next(std::string name, std::function<void()> change);

  struct UnderWay {
    std::string name;
    Clock::time_point since;
  };
  std::optional<UnderWay> under_way() const;

  /// Begins no change any more, and whoever waits for one hears that the host stops.
  void close();
  /// After `close`: false if at `deadline` the last change has still not come back.
  bool ended_by(Clock::time_point deadline);

 private:
  struct Task {
    std::string name;
    Change change;
    std::optional<Result<nlohmann::json>> result;
    std::exception_ptr thrown;
    bool begun = false;
    bool done = false;
  };

  void run();
  bool wait_for_turn(const std::shared_ptr<Task>& task, MutexLock& lock) CERTSPAN_REQUIRES(mutex_);
  Error busy() const CERTSPAN_REQUIRES(mutex_);

  std::thread thread_;
  mutable Mutex mutex_;
  Condition changed_;
  bool closed_ CERTSPAN_GUARDED_BY(mutex_) = false;
  bool ended_ CERTSPAN_GUARDED_BY(mutex_) = true;
  std::optional<UnderWay> under_way_ CERTSPAN_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Task>> tasks_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
