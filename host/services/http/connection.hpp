#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "host/services/http/http_exchange.hpp"
#include "host/services/http/io_worker.hpp"
#include "host/services/http/request_head.hpp"
#include "host/services/http/request_parser.hpp"
#include "host/services/http/server_state.hpp"
#include "host/services/http/transport.hpp"

namespace certspan::http {

/// What a connection knows of its listener; lives as long as the last connection.
struct ListenerState {
  explicit ListenerState(const HttpListenerOptions& options)
      : name(options.name),
        header_timeout(options.header_timeout),
        body_timeout(options.body_timeout),
        idle_timeout(options.idle_timeout),
        trusted_proxies(options.trusted_proxies),
        proxy_protocol(options.proxy_protocol) {}

  const std::string name;
  std::string address;  // as bound
  const std::chrono::milliseconds header_timeout;
  const std::chrono::milliseconds body_timeout;
  const std::chrono::milliseconds idle_timeout;
  const std::vector<IpNetwork> trusted_proxies;
  const bool proxy_protocol;
  ListenerCounters counters;
};

/// One client connection: reads a request, hands it over, waits without a thread, writes the response, and
/// again. All members run on the worker's io thread, apart from the destructor's. Kept alive by what is under
/// way on it (a read, a write, the timer), so it needs no owner, and ends when `close` has ended those.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerState> server, std::shared_ptr<IoWorker> worker,
             std::shared_ptr<ListenerState> listener, std::unique_ptr<Transport> transport);
  ~Connection();

  void start();
  /// Instead of `start`, above the connection limit: says 503 and closes.
  void refuse();
  /// Closes an idle connection; one with a request closes after its response.
  void drain();
  bool is_of(const ListenerState& listener) const { return listener_.get() == &listener; }
  /// Without another byte.
  void close();

 private:
  enum class Phase { Handshake, Head, Body, Waiting, Writing, Lingering, Closed };
  using Milliseconds = std::chrono::milliseconds;
  using TimePoint = std::chrono::steady_clock::time_point;

  void read_proxy_head();
  void read_proxy_rest(std::size_t size);
  void begin();
  void next_request();
  void go_on();
  void read_more();
  void read_done(const boost::system::error_code& error, std::size_t size);
  void input_ended();
  void scan_head();
  void head_complete();
  unsigned check_head();
  void begin_body();
  void say_continue();
  void read_body();
  void dispatch();
  HttpExchangePtr make_exchange();
  void deliver(std::uint64_t serial, HttpResponse response);
  void answer_and_close(unsigned status);
  void send(HttpResponse response, bool keep_alive);
  void sent(const boost::system::error_code& error);
  void linger();
  void leave();

  std::string_view input() const { return {buffer_.data() + begin_, end_ - begin_}; }
  std::size_t line_limit(std::string_view path) const;
  bool make_room();
  bool within_budget();
  void set_deadline(Milliseconds time, std::uint64_t bytes = 0);
  void clear_deadline();
  void arm_timer();
  void timer_fired();
  void deadline_passed();
  void uncount();
  void become_idle();
  void become_busy();

  const std::shared_ptr<ServerState> server_;
  const std::shared_ptr<IoWorker> worker_;
  const std::shared_ptr<ListenerState> listener_;
  const std::unique_ptr<Transport> transport_;
  std::string remote_address_;  // of the peer, or whom a PROXY header names

  Phase phase_ = Phase::Handshake;
  std::vector<std::uint8_t> proxy_header_;  // until it is read
  // Received bytes stand in [begin_, end_); a read under way fills what is behind, so nothing moves
  // meanwhile.
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reading_ = false;
  bool input_ended_ = false;
  std::size_t charged_ = 0;  // of server_->buffered

  std::optional<HeadScanner> scanner_;
  std::optional<RequestParser> parser_;
  std::shared_ptr<const RouteEntry> route_;
  std::string path_;
  std::string query_;
  std::optional<std::list<Connection*>::iterator>
      idle_;                   // place among the worker's; none: a request has begun
  bool continuing_ = false;    // "100 Continue" is being written
  bool request_read_ = false;  // to its last byte

  std::uint64_t serial_ = 0;  // of the request; a late answer to an earlier one is none to this
  std::weak_ptr<HttpExchange> exchange_;
  bool close_after_ = false;
  bool counted_ = true;
  std::string response_head_;
  HttpResponse response_;

  boost::asio::steady_timer timer_;
  std::optional<TimePoint> deadline_;
  std::optional<TimePoint> armed_;
};

}  // namespace certspan::http
