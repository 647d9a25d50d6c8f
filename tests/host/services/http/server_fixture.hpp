#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "host/services/http/http_server.hpp"
#include "tests/host/services/http/raw_client.hpp"

namespace certspan::test {

/// What a handler was given, kept until the test answers it.
struct Taken {
  HttpRequest request;
  HttpExchangePtr exchange;
};

/// Collects requests for the test's thread, as the pipeline engine does for its pool.
class Inbox {
 public:
  HttpHandler handler() {
    return [this](HttpRequest request, HttpExchangePtr exchange) {
      const std::lock_guard lock(mutex_);
      taken_.push_back({std::move(request), std::move(exchange)});
      changed_.notify_all();
    };
  }
  Taken take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !taken_.empty(); })) return {};
    Taken first = std::move(taken_.front());
    taken_.pop_front();
    return first;
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Taken> taken_;
};

inline Bytes bytes_of(std::string_view text) {
  return copy_of(as_bytes(text));
}

/// Answers each request with what it said: "METHOD path?query content-type:body".
inline void echo(HttpRequest request, HttpExchangePtr exchange) {
  const std::string said = request.method + " " + request.path + "?" + request.query + " " +
                           request.content_type + ":" + std::string(as_text(request.body));
  exchange->respond({.status = 200, .content_type = "application/x-pki-message", .body = bytes_of(said)});
}

/// A server with one plain listener "web" on a port of the kernel's choice.
class ServerFixture {
 public:
  explicit ServerFixture(HttpOptions options = {}, HttpListenerOptions listener = {});

  RawClient client() const { return RawClient(port); }
  HttpListenerStatus status() const { return server.status().front(); }
  void route(const std::string& path, HttpHandler handler, std::uint32_t flags = 0,
             std::size_t max_body = 64u << 10);
  /// Waits until `condition` holds of the listener's status.
  bool eventually(const std::function<bool(const HttpListenerStatus&)>& condition) const;

  HttpServer server;
  std::uint16_t port = 0;
};

}  // namespace certspan::test
