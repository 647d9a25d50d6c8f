#include "host/journal/checkpointer.hpp"

#include <chrono>
#include <utility>

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kIdle{1000};

}  // namespace

Checkpointer::Checkpointer(sql::Database database, GroupCommitter& committer, CheckpointPace pace)
    : committer_(committer), pace_(pace), database_(std::move(database)), wake_at_(pace.step) {
  thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void Checkpointer::log_grew() {
  const int frames = committer_.log_frames();
  if (frames < last_frames_) wake_at_ = pace_.step;  // the log started anew
  last_frames_ = frames;
  const bool due = frames >= wake_at_;
  if (!due && !asleep_) return;
  const MutexLock lock(mutex_);
  due_ = due_ || due;
  asleep_ = false;
  wake_.notify_one();
}

void Checkpointer::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const int before = committer_.log_frames();
    if (!due_) {
      if (asleep_) {
        wake_.wait(lock);
      } else {
        wake_.wait_until(lock, std::chrono::steady_clock::now() + kIdle);
      }
    }
    const bool idle = !asleep_ && committer_.log_frames() == before;
    const bool wanted = std::exchange(due_, false) || idle;
    if (stopping_ || !wanted) continue;
    lock.unlock();
    if (!move_pages()) return;
    asleep_ = moved_.done_frames == moved_.log_frames;
    // A commit that came before the line above was seen has woken nobody.
    if (committer_.log_frames() != moved_.log_frames) asleep_ = false;
    lock.lock();
  }
}

bool Checkpointer::move_pages() {
  auto moved = move_once();
  if (moved && moved_.log_frames >= pace_.cap) {
    committer_.between_commits([&] { moved = move_once(); });
  }
  wake_at_ = static_cast<int>(moved_.done_frames) + pace_.step;
  if (moved) return true;
  switch (moved.error().trouble) {
    case sql::Trouble::Full:
    case sql::Trouble::Busy:
    case sql::Trouble::Memory:
      return true;  // the log keeps everything; another time
    case sql::Trouble::ReadOnly:
    case sql::Trouble::Corrupt:
    case sql::Trouble::Io:
    case sql::Trouble::Other:
      break;
  }
  committer_.give_up();
  return false;
}

sql::Tried<void> Checkpointer::move_once() {
  CERTSPAN_TRY(moved_, database_.checkpoint());
  return {};
}

}  // namespace certspan
