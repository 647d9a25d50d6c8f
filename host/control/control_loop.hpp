#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/base/result.hpp"
#include "host/control/peer.hpp"
#include "host/control/unix_socket.hpp"

namespace certspan {

/// Moves lines between local clients and whoever answers them: one thread polls all connections, a few others
/// call `answer`, so neither a client that stalls nor a command that waits holds up the rest. A connection
/// may ask again after its answer; it asks one thing at a time. What a client that has gone asked is not
/// begun any more.
class ControlLoop {
 public:
  struct Options {
    std::size_t longest_line = std::size_t{1} << 20;  ///< bytes of a request
    std::size_t connections = 64;
    std::size_t connections_per_user = 16;      ///< so that one user cannot lock out the others; not for root
    std::chrono::milliseconds timeout{10'000};  ///< for a whole request to come, and for a whole answer to go
    std::size_t threads = 4;                    ///< commands at a time, of each pace
  };
  /// Slow commands have threads of their own, so that quick ones are answered whatever those wait for.
  enum class Pace { Quick, Slow };
  /// Makes the line that answers `line`; called on a thread of the loop, several at a time. Nothing, on a
  /// thread for quick ones: it is asked again on one for slow ones.
  using Answer = std::function<std::optional<std::string>(const std::string& line, const Credentials& client,
                                                          Pace pace)>;
  /// The line for a client that can't be served, for a reason of the loop's own.
  using Refusal = std::function<std::string(const Error& error)>;

  ControlLoop(Options options, Answer answer, Refusal refusal);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  /// Takes the listening socket over.
  Result<void> start(FileDescriptor listener);
  /// Waits for the commands that are being answered, then drops all connections. Legal twice.
  void stop();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Phase { Reading, Answering, Writing };

  struct Connection {
    FileDescriptor socket;
    Credentials client;
    Phase phase = Phase::Reading;
    std::string in;
    std::string out;
    std::size_t sent = 0;  // of out
    bool last = false;     // closes after what it writes
    TimePoint deadline;
  };
  struct Task {
    std::uint64_t connection = 0;
    std::string line;
    Credentials client;
  };
  struct Answered {
    std::uint64_t connection = 0;
    std::string line;
  };

  void poll_connections();
  int wait_time() const;
  void accept_all();
  std::size_t connections_of(uid_t uid) const;
  void handle(std::uint64_t id, Connection& connection, short events);
  bool read_from(Connection& connection);
  bool write_to(Connection& connection);
  void take_line(std::uint64_t id, Connection& connection);
  void say(Connection& connection, std::string line);
  void refuse(Connection& connection, const Error& error);
  void take_answers();
  void drop_late();
  void forget_gone();
  void answer_tasks(Pace pace);
  void wake() const;

  const Options options_;
  const Answer answer_;
  const Refusal refusal_;

  // Of the polling thread.
  FileDescriptor listener_;
  std::map<std::uint64_t, Connection> connections_;
  std::vector<std::uint64_t> gone_;
  std::uint64_t next_id_ = 1;
  bool accept_paused_ = false;

  FileDescriptor wake_;
  std::vector<std::thread> threads_;
  Mutex mutex_;
  Condition changed_;
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;
  std::deque<Task> tasks_ CERTSPAN_GUARDED_BY(mutex_);
  std::deque<Task> slow_tasks_ CERTSPAN_GUARDED_BY(mutex_);
  std::vector<Answered> answered_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
