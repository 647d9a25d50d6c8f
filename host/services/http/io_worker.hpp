#pragma once

#include <cstddef>
#include <list>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "host/base/mutex.hpp"

namespace certspan::http {

class Connection;
struct ListenerState;

/// One io thread with the connections that live on it: a connection never changes its thread, so it needs no
/// lock. `post` may be called from any thread, the members named so from the io thread only, the others from
/// the thread that owns the server. Shared by pointer with exchanges, which may outlive the server.
class IoWorker {
 public:
  IoWorker();

  void start();

  /// Runs `task` on the io thread, soon; false, and `task` is dropped, if the worker does not run.
  template <typename Task>
  bool post(Task&& task) {
    const MutexLock lock(mutex_);
    if (!running_) return false;
    boost::asio::post(io_, std::forward<Task>(task));
    return true;
  }

  /// Returns when everything that was posted before has run. At once on the io thread itself.
  void barrier();

  /// Closes all connections and joins the thread. Twice is legal.
  void stop();

  boost::asio::io_context& io() { return io_; }
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// [io-thread]
  void add(Connection* connection) { connections_.insert(connection); }
  void remove(Connection* connection) { connections_.erase(connection); }
  /// Connections without a request, the one that has been so for longest in front.
  std::list<Connection*>& idle() { return idle_; }
  /// Closes the first idle connection of that listener.
  void close_idle(const ListenerState& listener);
  void drain_connections();
  void close_connections();
  bool stopping() const { return stopping_; }

 private:
  Mutex mutex_;
  bool running_ CERTSPAN_GUARDED_BY(mutex_) = false;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unordered_set<Connection*> connections_;
  std::list<Connection*> idle_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace certspan::http
