#include "host/app/main_thread.hpp"

#include <signal.h>
#include <unistd.h>

namespace certspan {

Error host_stopping() {
  return {Outcome::Unavailable, "host.stopping", "the host is stopping"};
}

int MainThread::wake_signal() {
  return SIGRTMIN;
}

Result<void> MainThread::wait_for(std::function<void()> step) {
  auto task = std::make_unique<Task>();
  task->step = std::move(step);
  auto done = task->done.get_future();
  {
    const MutexLock lock(mutex_);
    if (closed_) return tl::unexpected(host_stopping());
    tasks_.push_back(std::move(task));
  }
  ::kill(::getpid(), wake_signal());
  return done.get();
}

void MainThread::take_steps() {
  while (const auto task = next()) {
    try {
      task->step();
      task->done.set_value({});
    } catch (...) {
      // Arguments of another kind than they should be: for whoever brought the step to tell.
      task->done.set_exception(std::current_exception());
    }
  }
}

void MainThread::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  while (const auto task = next()) task->done.set_value(tl::unexpected(host_stopping()));
}

std::unique_ptr<MainThread::Task> MainThread::next() {
  const MutexLock lock(mutex_);
  if (tasks_.empty()) return nullptr;
  auto task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

}  // namespace certspan
