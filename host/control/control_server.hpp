#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/base/log.hpp"
#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/control/peer.hpp"
#include "host/control/unix_socket.hpp"

namespace certspan {

/// Answers the command line (and later the console) on a socket of the local machine: a line of JSON in,
/// {"command", "arguments"}, and a line out, {"ok": true, "result"} or {"ok": false, "error": {"code",
/// "message"}}. Whoever may open the socket may connect; what they may do follows from their user and groups,
/// as the kernel tells them (SO_PEERCRED).
///
/// A few threads of its own take connections; a command that waits holds up one of them. Commands are added
/// before `start`.
class ControlServer {
 public:
  /// Runs on a thread of the server. Must not throw.
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& arguments, const Peer& peer)>;

  struct Options {
    std::filesystem::path socket;
    std::map<Person, std::vector<Principal>> roles;
    std::chrono::milliseconds timeout{10'000};  ///< for a client that sends half a line, or does not read
  };

  ControlServer(Options options, Log& log);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  void add_command(std::string name, Person least, Handler handler);

  /// Replaces the socket file of a host that is gone. Errors: control.in_use (a host answers there),
  /// control.cannot_listen.
  Result<void> start();
  /// Ends the threads and removes the socket file. Legal twice.
  void stop();

  static constexpr std::size_t kLongestLine = std::size_t{1} << 20;

 private:
  struct Command {
    Person least;
    Handler handler;
  };

  void run();
  void serve(const FileDescriptor& connection);
  nlohmann::json answer(const std::string& line, const Peer& peer) const;

  const Options options_;
  Log& log_;
  std::map<std::string, Command, std::less<>> commands_;
  FileDescriptor listener_;
  FileDescriptor stop_read_;
  FileDescriptor stop_write_;
  std::vector<std::thread> threads_;
};

}  // namespace certspan
