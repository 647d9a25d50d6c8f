#include "host/services/http/http_server.hpp"

#include <algorithm>
#include <utility>

#include "host/services/http/listener.hpp"
#include "host/services/http/open_file_limit.hpp"
#include "host/services/http/tls_context.hpp"

namespace certspan {

using http::IoWorker;
using http::Listener;

class HttpServer::Impl {
 public:
  explicit Impl(HttpOptions options) : state_(std::make_shared<http::ServerState>(options)) {
    const unsigned threads = std::max(1u, options.io_threads);
    for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_shared<IoWorker>());
  }

  Result<void> add_listener(const HttpListenerOptions& options);
  Result<void> start();
  std::shared_ptr<Listener> find(std::string_view name) const;
  void close_listeners();
  bool drain(std::chrono::steady_clock::time_point deadline);
  void stop();
  void abort_connections();
  void barrier();
  std::vector<HttpListenerStatus> status() const;

  const std::shared_ptr<http::ServerState>& state() const { return state_; }

 private:
  std::vector<std::shared_ptr<Listener>> listeners() const;

  const std::shared_ptr<http::ServerState> state_;
  std::vector<std::shared_ptr<IoWorker>> workers_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Listener>> listeners_ CERTSPAN_GUARDED_BY(mutex_);
  bool started_ CERTSPAN_GUARDED_BY(mutex_) = false;
};

Result<void> HttpServer::Impl::add_listener(const HttpListenerOptions& options) {
  http::Listener::TlsContext tls;
  if (options.tls) {
    CERTSPAN_TRY(tls, http::make_tls_context(options.name, *options.tls));
  }
  if (find(options.name)) {
    return fail(Outcome::Invalid, "http.listener_exists", "there are two listeners \"" + options.name + "\"");
  }
  auto listener = std::make_shared<Listener>(state_, workers_, options, std::move(tls));
  CERTSPAN_CHECK(listener->open(options.host, options.port));
  const MutexLock lock(mutex_);
  if (started_) workers_.front()->post([listener] { listener->accept(); });
  listeners_.push_back(std::move(listener));
  return {};
}

Result<void> HttpServer::Impl::start() {
  const MutexLock lock(mutex_);
  if (started_)
    return fail(Outcome::Internal, "http.started_twice", "the HTTP server has been started already");
  started_ = true;
  raise_open_file_limit();
  for (const auto& worker : workers_) worker->start();
  for (const auto& listener : listeners_) {
    workers_.front()->post([listener] { listener->accept(); });
  }
  return {};
}

std::shared_ptr<Listener> HttpServer::Impl::find(std::string_view name) const {
  const MutexLock lock(mutex_);
  for (const auto& listener : listeners_) {
    if (listener->state().name == name) return listener;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Listener>> HttpServer::Impl::listeners() const {
  const MutexLock lock(mutex_);
  return listeners_;
}

void HttpServer::Impl::close_listeners() {
  for (const auto& listener : listeners()) {
    workers_.front()->post([listener] { listener->close(); });
  }
  workers_.front()->barrier();
}

bool HttpServer::Impl::drain(std::chrono::steady_clock::time_point deadline) {
  close_listeners();
  state_->draining = true;
  for (const auto& worker : workers_) {
    worker->post([worker] { worker->drain_connections(); });
  }
  MutexLock lock(state_->mutex);
  while (state_->open > 0) {
    if (!state_->changed.wait_until(lock, deadline)) return state_->open == 0;
  }
  return true;
}

void HttpServer::Impl::stop() {
  close_listeners();
  for (const auto& worker : workers_) worker->stop();
}

void HttpServer::Impl::abort_connections() {
  state_->aborted = true;
  for (const auto& listener : listeners()) {
    workers_.front()->post([listener] { listener->close(); });
  }
  for (const auto& worker : workers_) {
    worker->post([worker] { worker->close_connections(); });
  }
}

void HttpServer::Impl::barrier() {
  for (const auto& worker : workers_) worker->barrier();
}

std::vector<HttpListenerStatus> HttpServer::Impl::status() const {
  std::vector<HttpListenerStatus> result;
  for (const auto& listener : listeners()) {
    const http::ListenerState& state = listener->state();
    const http::ListenerCounters& counters = state.counters;
    result.push_back({.name = state.name,
                      .address = state.address,
                      .open = counters.open,
                      .idle = counters.idle,
                      .accepted = counters.accepted,
                      .refused = counters.refused,
                      .accept_errors = counters.accept_errors,
                      .timed_out = counters.timed_out,
                      .requests = counters.requests,
                      .responses_2xx = counters.responses_2xx,
                      .responses_3xx = counters.responses_3xx,
                      .responses_4xx = counters.responses_4xx,
                      .responses_5xx = counters.responses_5xx,
                      .certificate_ends = listener->certificate_ends()});
  }
  return result;
}

namespace {

tl::unexpected<Error> no_listener(std::string_view name) {
  return fail(
      Outcome::Invalid, "http.no_listener",
      "there is no listener \"" + std::string(name) + "\": name one that stands under host.listeners");
}

}  // namespace

Result<void> check_tls(const std::string& listener, const TlsMaterial& material) {
  CERTSPAN_CHECK(http::make_tls_context(listener, material));
  return {};
}

HttpServer::HttpServer(HttpOptions options) : impl_(std::make_unique<Impl>(options)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<void> HttpServer::add_listener(const HttpListenerOptions& options) {
  return impl_->add_listener(options);
}

Result<void> HttpServer::start() {
  return impl_->start();
}

Result<std::uint16_t> HttpServer::bound_port(std::string_view listener) const {
  const auto found = impl_->find(listener);
  if (!found) return no_listener(listener);
  return found->port();
}

Result<void> HttpServer::reload_tls(std::string_view listener, const TlsMaterial& material) {
  const auto found = impl_->find(listener);
  if (!found) return no_listener(listener);
  if (!found->tls()) {
    return fail(
        Outcome::Invalid, "http.not_tls",
        "listener \"" + std::string(listener) + "\" speaks plain HTTP: a change to TLS needs a restart");
  }
  CERTSPAN_TRY(auto context, http::make_tls_context(std::string(listener), material));
  found->set_tls(std::move(context));
  return {};
}

Result<void> HttpServer::add_route(const HttpRoute& route, HttpHandler handler) {
  if (!impl_->find(route.listener)) return no_listener(route.listener);
  return impl_->state()->routes.add(route, std::move(handler));
}

void HttpServer::remove_routes(std::string_view owner, std::span<const HttpPlace> kept) {
  impl_->state()->routes.remove(owner, kept);
  impl_->barrier();
}

void HttpServer::stop_accepting() {
  impl_->close_listeners();
}

bool HttpServer::drain(std::chrono::steady_clock::time_point deadline) {
  return impl_->drain(deadline);
}

void HttpServer::stop() {
  impl_->stop();
}

void HttpServer::abort_connections() {
  impl_->abort_connections();
}

std::vector<HttpListenerStatus> HttpServer::status() const {
  return impl_->status();
}

std::size_t HttpServer::in_flight() const {
  return impl_->state()->in_flight.load(std::memory_order_relaxed);
}

}  // namespace certspan
