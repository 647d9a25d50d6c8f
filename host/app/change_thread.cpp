#include "host/app/change_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/app/main_thread.hpp"

namespace certspan {

ChangeThread::~ChangeThread() {
  close();
  if (thread_.joinable()) thread_.join();
}

void ChangeThread::start() {
  {
    const MutexLock lock(mutex_);
    ended_ = false;
  }
  thread_ = std::thread([this] { run(); });
}

Result<nlohmann::json> ChangeThread::have_done(std::string name, Change change) {
  const auto task = std::make_shared<Task>();
  task->name = std::move(name);
  task->change = std::move(change);
  MutexLock lock(mutex_);
  if (closed_) return tl::unexpected(host_stopping());
  tasks_.push_back(task);
  changed_.notify_all();
  if (!wait_for_turn(task, lock)) return tl::unexpected(busy());
  while (!task->done && !closed_) changed_.wait(lock);
  if (!task->done) return tl::unexpected(host_stopping());
  if (task->thrown) std::rethrow_exception(task->thrown);
  return std::move(*task->result);
}

/// False: it did not come, and won't.
bool ChangeThread::wait_for_turn(const std::shared_ptr<Task>& task, MutexLock& lock) {
  const auto deadline = Clock::now() + kPatience;
  while (!task->begun && !closed_) {
    if (changed_.wait_until(lock, deadline) || task->begun || closed_) continue;
    std::erase(tasks_, task);
    return false;
  }
  return true;
}

void ChangeThread::do_next(std::string name, std::function<void()> change) {
  const MutexLock lock(mutex_);
  if (std::ranges::any_of(tasks_, [&](const auto& task) { return task->name == name; })) return;
  auto task = std::make_shared<Task>();
  task->name = std::move(name);
  task->change = [change = std::move(change)] {
    change();
    return Result<nlohmann::json>(nlohmann::json());
  };
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

std::optional<ChangeThread::UnderWay> ChangeThread::under_way() const {
  const MutexLock lock(mutex_);
  return under_way_;
}

Error ChangeThread::busy() const {
  const auto now = Clock::now();
  const UnderWay other = under_way_.value_or(UnderWay{"one that came before", now});
  return {
      Outcome::Unavailable, "change.under_way",
      fmt::format("another change is under way: {}, for {} s; one is made at a time: try again when it "
                  "has ended, `certspan status` shows it if it takes long",
                  other.name, std::chrono::duration_cast<std::chrono::seconds>(now - other.since).count())};
}

void ChangeThread::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool ChangeThread::ended_by(Clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!ended_) {
    if (!changed_.wait_until(lock, deadline) && !ended_) return false;
  }
  return true;
}

void ChangeThread::run() {
  pthread_setname_np(pthread_self(), "certspan-chg");
  MutexLock lock(mutex_);
  while (!closed_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    task->begun = true;
    under_way_ = UnderWay{task->name, Clock::now()};
    changed_.notify_all();
    lock.unlock();
    try {
      task->result = task->change();
    } catch (...) {
      task->thrown = std::current_exception();
    }
    lock.lock();
    task->done = true;
    under_way_.reset();
    changed_.notify_all();
  }
  ended_ = true;
  changed_.notify_all();
}

}  // namespace certspan
