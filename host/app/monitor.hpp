#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/app/ending.hpp"
#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/base/mutex.hpp"
#include "host/services/http/http_exchange.hpp"

namespace certspan {

/// Watches what ends, and tells metrics to whoever asks for them. Has a thread of its own, since connectors
/// are asked how they stand and may take seconds. Thread-safe.
class Monitor {
 public:
  using Status = std::function<nlohmann::json()>;

  /// `status` is called on the monitor's thread. Clock and log outlive this.
  Monitor(Status status, const Clock& clock, Log& log);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Answers it with the metrics of now, soon. Does not block.
  void tell_metrics(const HttpRequest& request, HttpExchangePtr exchange);

 private:
  void run();
  void look();
  void tell(const Ending& ending, std::int64_t now);
  std::int64_t now() const;

  const Status status_;
  const Clock& clock_;
  Log& log_;
  std::map<std::string, Nearness> told_;  // of the thread: what the log has, by kind, name and end

  Mutex mutex_;
  Condition wake_;
  std::vector<HttpExchangePtr> asking_ CERTSPAN_GUARDED_BY(mutex_);
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace certspan
