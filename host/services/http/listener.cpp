#include "host/services/http/listener.hpp"

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <utility>

#include "host/services/http/remote_address.hpp"
#include "host/services/http/tls_context.hpp"

namespace certspan::http {
namespace {

using boost::asio::ip::tcp;

constexpr auto kBackOff = std::chrono::milliseconds(100);
// Connections above the limit that are told 503; the ones beyond are closed at once.
constexpr std::size_t kRefusals = 64;

std::optional<tcp::endpoint> find_address(boost::asio::io_context& io, const std::string& host,
                                          std::uint16_t port) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, port);
  if (host.empty()) return std::nullopt;  // a resolver would take it for any address
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) return std::nullopt;
  return found.begin()->endpoint();
}

bool out_of_resources(const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::not_enough_memory || error == errc::no_buffer_space;
}

}  // namespace

Listener::Listener(std::shared_ptr<ServerState> server, const Workers& workers,
                   const HttpListenerOptions& options, TlsContext tls)
    : server_(std::move(server)),
      workers_(workers),
      state_(std::make_shared<ListenerState>(options)),
      max_connections_(options.max_connections),
      acceptor_(workers.front()->io()),
      back_off_(workers.front()->io()),
      tls_(std::move(tls)) {}

Result<void> Listener::open(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  const auto endpoint = find_address(workers_.front()->io(), host, port);
  if (!endpoint) {
    return fail(Outcome::Invalid, "http.bad_address",
                "listener \"" + state_->name + "\": \"" + host +
                    "\" is no address or name of this machine, write one like \"0.0.0.0\" or \"::\"");
  }
  acceptor_.open(endpoint->protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(*endpoint, error);
  if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(
        Outcome::Unavailable, "http.cannot_listen",
        "listener \"" + state_->name + "\" can't listen on " + to_text(*endpoint) + ": " + error.message());
  }
  const auto bound = acceptor_.local_endpoint(error);
  port_ = bound.port();
  state_->address = to_text(bound);
  return {};
}

std::optional<std::int64_t> Listener::certificate_ends() const {
  const TlsContext tls = current_tls();
  return tls ? std::optional(http::certificate_ends(*tls)) : std::nullopt;
}

bool Listener::tls() const {
  return current_tls() != nullptr;
}

void Listener::set_tls(TlsContext tls) {
  const MutexLock lock(mutex_);
  tls_ = std::move(tls);
}

Listener::TlsContext Listener::current_tls() const {
  const MutexLock lock(mutex_);
  return tls_;
}

void Listener::accept() {
  if (closed_) return;
  const std::size_t worker = next_worker_++ % workers_.size();
  const boost::asio::any_io_executor executor = workers_[worker]->io().get_executor();
  acceptor_.async_accept(executor, [self = shared_from_this(), worker](const boost::system::error_code& error,
                                                                       tcp::socket socket) {
    self->accepted(error, std::move(socket), worker);
  });
}

void Listener::accepted(const boost::system::error_code& error, tcp::socket socket, std::size_t worker) {
  if (closed_) return;
  if (error) {
    state_->counters.accept_errors.fetch_add(1, std::memory_order_relaxed);
    // A client that went before it was accepted is no reason to wait.
    return out_of_resources(error) ? back_off() : accept();
  }
  state_->counters.accepted.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t open = state_->counters.open.load(std::memory_order_relaxed);
  const bool refused = open >= max_connections_ + kRefusals || (open >= max_connections_ && !make_place());
  if (refused) state_->counters.refused.fetch_add(1, std::memory_order_relaxed);
  const TlsContext tls = current_tls();
  // A 503 over TLS would cost a handshake: there a refusal is a close.
  if (!refused || (!tls && open < max_connections_ + kRefusals)) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(
        server_, workers_[worker], state_,
        tls ? make_tls_transport(std::move(socket), tls) : make_plain_transport(std::move(socket)));
    workers_[worker]->post([connection, refused] { refused ? connection->refuse() : connection->start(); });
  }
  accept();
}

bool Listener::make_place() {
  if (state_->counters.idle.load(std::memory_order_relaxed) == 0) return false;
  for (const auto& worker : workers_) {
    worker->post([worker, state = state_] { worker->close_idle(*state); });
  }
  return true;
}

void Listener::back_off() {
  make_place();
  back_off_.expires_after(kBackOff);
  back_off_.async_wait([self = shared_from_this()](const auto& /*error*/) { self->accept(); });
}

void Listener::close() {
  closed_ = true;
  back_off_.cancel();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace certspan::http
