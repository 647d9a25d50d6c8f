#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/base/log.hpp"
#include "host/base/mutex.hpp"
#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/control/control_loop.hpp"
#include "host/control/peer.hpp"

namespace certspan {

/// Answers the command line (and later the console) on a socket of the local machine: a line of JSON in,
/// {"command", "arguments"}, and a line out, {"ok": true, "result"} or {"ok": false, "error": {"code",
/// "message", "outcome"}}. Whoever may open the socket may connect; what they may do follows from their user
/// and groups, as the kernel tells them (SO_PEERCRED).
///
/// Runs on threads of its own. Commands are added before `start`; `start` and `stop` belong to one thread.
class ControlServer {
 public:
  using Pace = ControlLoop::Pace;
  /// Called on a thread of the server, several at a time.
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& arguments, const Peer& peer)>;

  struct Options {
    std::filesystem::path socket;
    Roles roles;
    ControlLoop::Options limits = {};
  };

  ControlServer(Options options, Log& log);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Who may do what from now on; connections that are open ask again with each command.
  void set_roles(Roles roles);

  void add_command(std::string name, Person least, Handler handler, Pace pace = Pace::Quick);

  /// Replaces the socket file of a host that is gone. Errors: control.in_use (a host answers there, or
  /// something that is no socket stands there), control.cannot_listen.
  Result<void> start();
  /// Waits for commands that are under way and removes the socket file. Legal twice.
  void stop();

 private:
  struct Command {
    Person least;
    Handler handler;
    Pace pace;
  };

  std::optional<std::string> answer(const std::string& line, const Credentials& client, Pace pace) const;
  Roles roles() const;
  Result<nlohmann::json> perform(const nlohmann::json& request, const Peer& peer) const;
  Pace pace_of(const nlohmann::json& request) const;
  Error not_allowed(const std::string& command, Person least, const Peer& peer) const;

  const std::filesystem::path socket_;
  Log& log_;
  mutable Mutex mutex_;
  Roles roles_ CERTSPAN_GUARDED_BY(mutex_);
  std::map<std::string, Command, std::less<>> commands_;
  std::optional<SocketFile> file_;
  ControlLoop loop_;
};

}  // namespace certspan
