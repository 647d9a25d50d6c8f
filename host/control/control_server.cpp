#include "host/control/control_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace certspan {
namespace {

constexpr std::size_t kThreads = 4;

nlohmann::json error_json(const Error& error) {
  return {{"ok", false}, {"error", {{"code", error.code}, {"message", error.message}}}};
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

ControlServer::ControlServer(Options options, Log& log) : options_(std::move(options)), log_(log) {}

ControlServer::~ControlServer() {
  stop();
}

void ControlServer::add_command(std::string name, Person least, Handler handler) {
  commands_.insert_or_assign(std::move(name), Command{least, std::move(handler)});
}

Result<void> ControlServer::start() {
  if (connect_to(options_.socket, options_.timeout)) {
    return fail(Outcome::Unavailable, "control.in_use",
                "another host answers at \"" + options_.socket.string() + "\": stop it first");
  }
  ::unlink(options_.socket.c_str());
  CERTSPAN_TRY(listener_, listen_at(options_.socket));
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(Outcome::Unavailable, "control.cannot_listen", "no pipe for the control socket's threads");
  }
  stop_read_ = FileDescriptor(pipe[0]);
  stop_write_ = FileDescriptor(pipe[1]);
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
  return {};
}

void ControlServer::stop() {
  if (threads_.empty()) return;
  stop_write_.reset();  // every thread sees the end of the pipe
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  listener_.reset();
  ::unlink(options_.socket.c_str());
}

void ControlServer::run() {
  pthread_setname_np(pthread_self(), "certspan-ctl");
  for (;;) {
    std::array<pollfd, 2> waiting = {{{listener_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    // Several threads may wake for one connection; those that come late find none.
    const FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) serve(connection);
  }
}

/// One request, one answer: a client that keeps its connection open holds no thread.
void ControlServer::serve(const FileDescriptor& connection) {
  set_timeout(connection, options_.timeout);
  const auto peer = peer_of(connection, options_.roles);
  if (!peer) {
    send_line(connection,
              dump(error_json(Error(Outcome::Rejected, "control.not_allowed",
                                    "this user has no role at this host; see host.control.roles"))));
    return;
  }
  std::string rest;
  if (const auto line = receive_line(connection, rest, kLongestLine))
    send_line(connection, dump(answer(*line, *peer)));
}

nlohmann::json ControlServer::answer(const std::string& line, const Peer& peer) const try {
  const auto request = nlohmann::json::parse(line, nullptr, false);
  if (!request.is_object()) {
    return error_json(Error(Outcome::Invalid, "control.bad_request", "the request is no JSON object"));
  }
  const auto name = request.value("command", std::string());
  const auto command = commands_.find(name);
  if (command == commands_.end()) {
    return error_json(
        Error(Outcome::Unsupported, "control.no_command", "this host knows no command \"" + name + "\""));
  }
  if (peer.person < command->second.least) {
    return error_json(Error(Outcome::Rejected, "control.not_allowed",
                            "\"" + name + "\" needs the role " +
                                std::string(to_string(command->second.least)) + "; " + peer.name + " is " +
                                std::string(to_string(peer.person))));
  }
  if (command->second.least > Person::Viewer) {
    log_.write(LogLevel::Info, "command", {{"command", name}, {"who", peer.name}});
  }
  const auto result = command->second.handler(request.value("arguments", nlohmann::json::object()), peer);
  if (!result) return error_json(result.error());
  return {{"ok", true}, {"result", *result}};
} catch (const nlohmann::json::exception& error) {
  return error_json(Error(Outcome::Invalid, "control.bad_request", error.what()));
}

}  // namespace certspan
