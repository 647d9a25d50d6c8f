#include "host/services/http/connection.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <openssl/crypto.h>
#include <boost/asio/read.hpp>

#include "host/services/http/client_address.hpp"
#include "host/services/http/proxy_header.hpp"
#include "host/services/http/remote_address.hpp"
#include "host/services/http/response_head.hpp"

namespace certspan::http {
namespace {

constexpr std::size_t kFirstBuffer = 2u << 10;  // what an idle connection costs
constexpr std::size_t kKeptBuffer = 16u << 10;  // a larger one is given back between requests
constexpr std::size_t kReadAhead = 16u << 10;   // of the next request, while one is being answered

}  // namespace

Connection::Connection(std::shared_ptr<ServerState> server, std::shared_ptr<IoWorker> worker,
                       std::shared_ptr<ListenerState> listener, std::unique_ptr<Transport> transport)
    : server_(std::move(server)),
      worker_(std::move(worker)),
      listener_(std::move(listener)),
      transport_(std::move(transport)),
      remote_address_(remote_address(transport_->socket())),
      timer_(worker_->io()) {
  listener_->counters.open.fetch_add(1, std::memory_order_relaxed);
  server_->connection_opened();
}

Connection::~Connection() {
  uncount();
  server_->buffered.fetch_sub(charged_, std::memory_order_relaxed);
}

void Connection::start() {
  worker_->add(this);
  if (worker_->stopping()) return close();
  if (listener_->proxy_protocol) return read_proxy_head();
  begin();
}

void Connection::read_proxy_head() {
  const auto peer = address_of(remote_address_);
  if (!peer || !any_contains(listener_->trusted_proxies, *peer)) return close();
  set_deadline(server_->options.handshake_timeout);
  proxy_header_.resize(kProxyHead);
  boost::asio::async_read(
      transport_->socket(), boost::asio::buffer(proxy_header_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
        if (self->phase_ != Phase::Handshake) return;
        const auto size =
            error ? std::nullopt
                  : proxy_bytes_to_come(std::span<const std::uint8_t, kProxyHead>(self->proxy_header_));
        if (!size) return self->close();
        self->read_proxy_rest(*size);
      });
}

void Connection::read_proxy_rest(std::size_t size) {
  proxy_header_.resize(kProxyHead + size);
  boost::asio::async_read(
      transport_->socket(), boost::asio::buffer(proxy_header_.data() + kProxyHead, size),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
        if (self->phase_ != Phase::Handshake) return;
        const std::span<const std::uint8_t> whole(self->proxy_header_);
        const auto header =
            error ? std::nullopt : parse_proxy_header(whole.first<kProxyHead>(), whole.subspan(kProxyHead));
        if (!header) return self->close();
        if (!header->client.empty()) self->remote_address_ = header->client;
        self->proxy_header_ = {};
        self->begin();
      });
}

void Connection::begin() {
  if (!transport_->tls()) return next_request();
  set_deadline(server_->options.handshake_timeout);
  transport_->handshake([self = shared_from_this()](const auto& error, std::size_t) {
    if (self->phase_ != Phase::Handshake) return;
    if (error) return self->close();
    self->next_request();
  });
}

void Connection::refuse() {
  worker_->add(this);
  send(HttpResponse{.status = 503, .retry_after_s = server_->options.retry_after_s}, false);
}

void Connection::drain() {
  if (phase_ == Phase::Handshake) return close();
  if (idle_) leave();
}

void Connection::close() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  become_busy();
  if (const auto exchange = exchange_.lock()) exchange->mark_closed();
  timer_.cancel();
  boost::system::error_code ignored;
  transport_->socket().close(ignored);
  worker_->remove(this);
  uncount();
}

void Connection::uncount() {
  if (!std::exchange(counted_, false)) return;
  listener_->counters.open.fetch_sub(1, std::memory_order_relaxed);
  server_->connection_closed();
}

void Connection::become_idle() {
  idle_ = worker_->idle().insert(worker_->idle().end(), this);
  listener_->counters.idle.fetch_add(1, std::memory_order_relaxed);
}

void Connection::become_busy() {
  if (!idle_) return;
  worker_->idle().erase(*idle_);
  idle_.reset();
  listener_->counters.idle.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::next_request() {
  phase_ = Phase::Head;
  scanner_.emplace(server_->options);
  parser_.reset();
  route_.reset();
  exchange_.reset();
  response_ = {};
  request_read_ = false;
  if (!input().empty()) {
    set_deadline(listener_->header_timeout);
    return go_on();
  }
  if (server_->draining.load(std::memory_order_relaxed)) return leave();
  become_idle();
  set_deadline(listener_->idle_timeout);
  go_on();
}

void Connection::go_on() {
  if (continuing_) return;
  if (phase_ == Phase::Head) return scan_head();
  if (phase_ == Phase::Body) return read_body();
  // The next request, or the news that the client has gone.
  if (phase_ == Phase::Lingering) begin_ = end_;
  if (input().size() < kReadAhead) read_more();
}

void Connection::read_more() {
  if (reading_) return;
  if (input_ended_) {
    if (phase_ != Phase::Waiting && phase_ != Phase::Writing) close();
    return;
  }
  if (!make_room()) {
    if (phase_ == Phase::Head || phase_ == Phase::Body) answer_and_close(503);
    return;
  }
  reading_ = true;
  transport_->read_some(boost::asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                        [self = shared_from_this()](const auto& error, std::size_t size) {
                          self->reading_ = false;
                          self->read_done(error, size);
                        });
}

void Connection::read_done(const boost::system::error_code& error, std::size_t size) {
  if (phase_ == Phase::Closed) return;
  end_ += size;
  if (!error) return go_on();
  input_ended_ = true;
  const bool answer_may_arrive = error == boost::asio::error::eof;
  if (answer_may_arrive && (phase_ == Phase::Waiting || phase_ == Phase::Writing)) {
    if (const auto exchange = exchange_.lock()) exchange->mark_closed();
    return;
  }
  close();
}

bool Connection::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  const bool oversized = buffer_.size() > kKeptBuffer && begin_ == end_ && phase_ != Phase::Body;
  if (oversized) buffer_ = {};
  if (begin_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kFirstBuffer / 2) {
    // Several packets are worth a larger buffer; HeadScanner and RequestParser bound what is kept in it.
    const std::size_t size = buffer_.empty() ? kFirstBuffer : std::max(buffer_.size() * 2, kKeptBuffer);
    std::vector<char> larger(size);
    std::copy(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(end_), larger.begin());
    buffer_ = std::move(larger);
  }
  return within_budget();
}

bool Connection::within_budget() {
  const std::size_t now = buffer_.size() + (parser_ ? parser_->buffered() : 0);
  const std::size_t before = server_->buffered.fetch_add(now - charged_, std::memory_order_relaxed);
  const bool grew = now > charged_;
  const std::size_t total = before + (now - charged_);
  charged_ = now;
  return !grew || total <= server_->options.max_buffered;
}

std::size_t Connection::line_limit(std::string_view path) const {
  const auto route = server_->routes.find(listener_->name, path);
  const bool is_long = route && (route->route.flags & kLongRequestLine) != 0;
  return is_long ? server_->options.long_request_line : server_->options.request_line;
}

void Connection::scan_head() {
  if (idle_ && !input().empty()) {
    become_busy();
    set_deadline(listener_->header_timeout);
  }
  switch (scanner_->scan(input(), [this](std::string_view path) { return line_limit(path); })) {
    case HeadState::NeedMore:
      return read_more();
    case HeadState::Complete:
      return head_complete();
    case HeadState::Malformed:
      return answer_and_close(400);
    case HeadState::LineTooLong:
      return answer_and_close(414);
    case HeadState::SectionTooLarge:
      return answer_and_close(431);
  }
}

void Connection::head_complete() {
  listener_->counters.requests.fetch_add(1, std::memory_order_relaxed);
  const std::string_view head = input().substr(scanner_->begin(), scanner_->end() - scanner_->begin());
  begin_ += scanner_->end();
  parser_.emplace();
  unsigned status = parser_->parse_head(head);
  // What it says is kept in one place, which is wiped; the buffer is used on.
  if (parser_->head().authorization_fields > 0)
    OPENSSL_cleanse(buffer_.data() + (begin_ - head.size()), head.size());
  // Of a head that is not understood nobody knows what follows.
  request_read_ = status == 0 && !parser_->head().has_body();
  if (status == 0) status = check_head();
  if (status == 0) return begin_body();
  if (status == 404 && request_read_) return send(HttpResponse{.status = 404}, parser_->head().keep_alive);
  answer_and_close(status);
}

unsigned Connection::check_head() {
  const RequestHead& head = parser_->head();
  const auto target = split_target(head.target);
  if (!target) return head.target == "*" ? 404 : 400;
  path_ = target->path;
  query_ = target->query;
  route_ = server_->routes.find(listener_->name, path_);
  if (!route_) return 404;
  if (head.content_length.value_or(0) > route_->route.max_body) return 413;
  if (server_->in_flight.load(std::memory_order_relaxed) >= server_->options.max_in_flight) return 503;
  return 0;
}

void Connection::begin_body() {
  const RequestHead& head = parser_->head();
  if (!head.has_body()) return dispatch();
  phase_ = Phase::Body;
  set_deadline(listener_->body_timeout, head.content_length.value_or(route_->route.max_body));
  if (head.http_1_1 && !head.expect.empty() && input().empty()) return say_continue();
  read_body();
}

void Connection::say_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  continuing_ = true;
  transport_->write({boost::asio::buffer(kContinue.data(), kContinue.size()), {}},
                    [self = shared_from_this()](const auto& error, std::size_t) {
                      self->continuing_ = false;
                      if (self->phase_ != Phase::Body) return;
                      if (error) return self->close();
                      self->go_on();
                    });
}

void Connection::read_body() {
  std::size_t consumed = 0;
  const auto state = parser_->parse_body(input(), route_->route.max_body, consumed);
  begin_ += consumed;
  switch (state) {
    case BodyState::NeedMore:
      return read_more();
    case BodyState::Complete:
      return dispatch();
    case BodyState::Malformed:
      return answer_and_close(400);
    case BodyState::TooLarge:
      return answer_and_close(413);
  }
}

void Connection::dispatch() {
  request_read_ = true;
  phase_ = Phase::Waiting;
  clear_deadline();
  // The route may have gone while the body arrived.
  route_ = server_->routes.find(listener_->name, path_);
  const bool full =
      server_->in_flight.fetch_add(1, std::memory_order_relaxed) >= server_->options.max_in_flight;
  if (full || !route_) {
    server_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    return send(HttpResponse{.status = 503, .retry_after_s = server_->options.retry_after_s},
                parser_->head().keep_alive);
  }
  const auto route = route_;
  HttpRequest request{.listener = listener_->name,
                      .method = parser_->head().method,
                      .path = std::move(path_),
                      .query = std::move(query_),
                      .content_type = parser_->head().content_type,
                      .remote_address = client_address(remote_address_, parser_->head().forwarded_for,
                                                       listener_->trusted_proxies),
                      .body = parser_->take_body(),
                      .authorization = {},
                      .tls = transport_->tls()};
  if ((route->route.flags & kTakesAuthorization) != 0) request.authorization = parser_->take_authorization();
  try {
    route->handler(std::move(request), make_exchange());
  } catch (...) {
    // The dropped exchange has answered 503; an exception must not end the io thread for everybody.
  }
  if (phase_ == Phase::Waiting) go_on();
}

HttpExchangePtr Connection::make_exchange() {
  auto exchange = std::make_shared<HttpExchange>([server = server_, worker = worker_, weak = weak_from_this(),
                                                  serial = ++serial_](HttpResponse response) {
    server->in_flight.fetch_sub(1, std::memory_order_relaxed);
    worker->post([weak, serial, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->deliver(serial, std::move(response));
    });
  });
  exchange_ = exchange;
  return exchange;
}

void Connection::deliver(std::uint64_t serial, HttpResponse response) {
  if (phase_ != Phase::Waiting || serial != serial_) return;
  send(std::move(response), parser_->head().keep_alive);
}

void Connection::answer_and_close(unsigned status) {
  send(HttpResponse{.status = status, .retry_after_s = status == 503 ? server_->options.retry_after_s : 0},
       false);
}

void Connection::send(HttpResponse response, bool keep_alive) {
  if (server_->aborted.load()) return close();
  close_after_ = !keep_alive || server_->draining.load(std::memory_order_relaxed);
  response_ = std::move(response);
  response_head_ = response_head(response_, !parser_ || parser_->head().http_1_1, !close_after_);
  listener_->counters.count_response(response_.status);
  phase_ = Phase::Writing;
  const bool head_only = parser_ && parser_->head().method == "HEAD";
  const std::size_t body_size = head_only ? 0 : response_.body.size();
  set_deadline(server_->options.write_timeout, body_size);
  transport_->write(
      {boost::asio::buffer(response_head_), boost::asio::buffer(response_.body.data(), body_size)},
      [self = shared_from_this()](const auto& error, std::size_t) { self->sent(error); });
}

void Connection::sent(const boost::system::error_code& error) {
  if (phase_ == Phase::Closed) return;
  if (error) return close();
  if (!close_after_) return next_request();
  if (request_read_) return leave();
  linger();
}

void Connection::linger() {
  // Closing with unread input would reset the connection and destroy the answer on its way.
  phase_ = Phase::Lingering;
  set_deadline(server_->options.linger_timeout);
  boost::system::error_code ignored;
  if (!transport_->tls()) transport_->socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  go_on();
}

void Connection::leave() {
  become_busy();
  if (!transport_->tls()) return close();
  phase_ = Phase::Lingering;
  set_deadline(server_->options.linger_timeout);
  transport_->goodbye([self = shared_from_this()](const auto&, std::size_t) { self->close(); });
}

void Connection::set_deadline(Milliseconds time, std::uint64_t bytes) {
  const std::chrono::seconds transfer(bytes / std::max<std::size_t>(server_->options.slowest_rate, 1));
  deadline_ = std::chrono::steady_clock::now() + time + transfer;
  // Most deadlines are met: a timer that is due earlier anyway is left alone and looks again then.
  if (!armed_ || *armed_ > *deadline_) arm_timer();
}

void Connection::clear_deadline() {
  deadline_.reset();
}

void Connection::arm_timer() {
  armed_ = deadline_;
  timer_.expires_at(*armed_);
  timer_.async_wait([self = shared_from_this()](const auto& error) {
    if (!error) self->timer_fired();
  });
}

void Connection::timer_fired() {
  armed_.reset();
  if (phase_ == Phase::Closed || !deadline_) return;
  if (std::chrono::steady_clock::now() < *deadline_) return arm_timer();
  deadline_passed();
}

void Connection::deadline_passed() {
  if (idle_) return leave();
  if (phase_ != Phase::Lingering) listener_->counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  if ((phase_ == Phase::Head || phase_ == Phase::Body) && !continuing_) return answer_and_close(408);
  close();
}

}  // namespace certspan::http
