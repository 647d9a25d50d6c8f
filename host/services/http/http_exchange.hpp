#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "host/services/http/http_message.hpp"

namespace certspan {

/// One request that waits for its response. It is answered exactly once: by the first `respond`, or, if the
/// last holder drops it unanswered, by 503. While it waits its connection uses no thread. Shared, because
/// whoever answers (a step, a time-out, the shutdown) is not whoever was asked. Every member may be called
/// from any thread, also after the server has stopped.
class HttpExchange {
 public:
  using Deliver = std::function<void(HttpResponse)>;

  /// `deliver` takes the one response, on the thread that answers; it must neither block nor throw.
  explicit HttpExchange(Deliver deliver) : deliver_(std::move(deliver)) {}
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// Returns false, and does nothing, if the exchange has been answered before.
  bool respond(HttpResponse response);

  /// Whether the client has hung up. A hint to save work: a client that only ended its own half of the
  /// connection counts as gone too, but still gets a response that is given.
  bool closed() const { return closed_.load(std::memory_order_relaxed); }

  /// For the server.
  void mark_closed() { closed_.store(true, std::memory_order_relaxed); }

 private:
  Deliver deliver_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> closed_{false};
};

using HttpExchangePtr = std::shared_ptr<HttpExchange>;

}  // namespace certspan
