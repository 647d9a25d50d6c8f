#include "host/services/http/io_worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <vector>

#include "host/services/http/connection.hpp"

namespace certspan::http {

// One thread runs the context, so Asio may leave out the locks around a run.
IoWorker::IoWorker() : io_(1), work_(boost::asio::make_work_guard(io_)) {}

void IoWorker::start() {
  const MutexLock lock(mutex_);
  running_ = true;
  // Signals belong to the main thread.
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "certspan-io");
    io_.run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void IoWorker::barrier() {
  if (on_this_thread()) return;
  std::promise<void> passed;
  if (post([&passed] { passed.set_value(); })) passed.get_future().wait();
}

void IoWorker::stop() {
  post([this] {
    stopping_ = true;
    close_connections();
  });
  {
    const MutexLock lock(mutex_);
    running_ = false;
  }
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

void IoWorker::drain_connections() {
  // Closing takes a connection out of the set.
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (Connection* connection : all) connection->drain();
}

void IoWorker::close_idle(const ListenerState& listener) {
  const auto first = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const Connection* connection) { return connection->is_of(listener); });
  if (first != idle_.end()) (*first)->drain();
}

void IoWorker::close_connections() {
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (Connection* connection : all) connection->close();
}

}  // namespace certspan::http
