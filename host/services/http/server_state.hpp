#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "host/base/mutex.hpp"
#include "host/services/http/http_options.hpp"
#include "host/services/http/route_table.hpp"

namespace certspan::http {

/// Counters of one listener; HttpListenerStatus is a copy of them.
struct ListenerCounters {
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> idle{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> accept_errors{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> responses_2xx{0};
  std::atomic<std::uint64_t> responses_3xx{0};
  std::atomic<std::uint64_t> responses_4xx{0};
  std::atomic<std::uint64_t> responses_5xx{0};

  void count_response(unsigned status) {
    auto& counter = status < 300   ? responses_2xx
                    : status < 400 ? responses_3xx
                    : status < 500 ? responses_4xx
                                   : responses_5xx;
    counter.fetch_add(1, std::memory_order_relaxed);
  }
};

/// What all connections of one server share. Shared by pointer, because an exchange that somebody still holds
/// may outlive the server. Thread-safe.
struct ServerState {
  explicit ServerState(HttpOptions options_) : options(options_) {}

  const HttpOptions options;
  RouteTable routes;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> buffered{0};
  std::atomic<bool> draining{false};
  std::atomic<bool> aborted{false};

  /// Open connections of all listeners; `drain` waits for none.
  Mutex mutex;
  Condition changed;
  std::size_t open CERTSPAN_GUARDED_BY(mutex) = 0;

  void connection_opened() {
    const MutexLock lock(mutex);
    ++open;
  }
  void connection_closed() {
    const MutexLock lock(mutex);
    if (--open == 0) changed.notify_all();
  }
};

}  // namespace certspan::http
