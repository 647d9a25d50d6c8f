#include "host/app/main_thread.hpp"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace certspan {
namespace {

tl::unexpected<Error> stopping() {
  return fail(Outcome::Unavailable, "host.stopping", "the host is stopping");
}

}  // namespace

int MainThread::wake_signal() {
  return SIGRTMIN;
}

Result<nlohmann::json> MainThread::have_done(Job job) {
  auto task = std::make_unique<Task>();
  task->job = std::move(job);
  auto done = task->done.get_future();
  {
    const MutexLock lock(mutex_);
    if (closed_) return stopping();
    tasks_.push_back(std::move(task));
  }
  ::kill(::getpid(), wake_signal());
  return done.get();
}

void MainThread::do_jobs() {
  while (const auto task = next()) {
    try {
      task->done.set_value(task->job());
    } catch (...) {
      // Arguments of another kind than they should be: for whoever brought the job to tell.
      task->done.set_exception(std::current_exception());
    }
  }
}

void MainThread::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  while (const auto task = next()) task->done.set_value(stopping());
}

std::unique_ptr<MainThread::Task> MainThread::next() {
  const MutexLock lock(mutex_);
  if (tasks_.empty()) return nullptr;
  auto task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

}  // namespace certspan
