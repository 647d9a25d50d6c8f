#include "host/journal/group_writer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace certspan {
namespace {

/// With this many on their way or fewer, a commit starts at once.
constexpr std::size_t kFew = 4;
/// Beyond this a larger group costs no less per member.
constexpr std::size_t kMostMembers = 256;

}  // namespace

GroupWriter::GroupWriter(GroupCommitter& committer, std::chrono::microseconds longest_gather,
                         std::function<void()> after_group)
    : committer_(committer), longest_gather_(longest_gather), after_group_(std::move(after_group)) {
  thread_ = std::thread([this] { run(); });
}

GroupWriter::~GroupWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void GroupWriter::submit(MadeChange change, Done done) {
  const MutexLock lock(mutex_);
  if (queue_.empty()) first_queued_ = std::chrono::steady_clock::now();
  queue_.push_back({std::move(change), std::move(done)});
  if (queue_.size() == wake_at_) wake_.notify_one();
}

CommitResult GroupWriter::submit_and_wait(MadeChange change) {
  Mutex mutex;
  Condition decided;
  std::optional<CommitResult> result;
  submit(std::move(change), [&](CommitResult r) {
    const MutexLock lock(mutex);
    result = r;
    decided.notify_one();
  });
  MutexLock lock(mutex);
  while (!result) decided.wait(lock);
  return *result;
}

void GroupWriter::run() {
  MutexLock lock(mutex_);
  for (;;) {
    while (queue_.empty() && !stopping_) {
      wake_at_ = 1;
      wake_.wait(lock);
    }
    if (queue_.empty()) return;
    gather(lock);
    take_group();
    lock.unlock();
    commit_group();
    lock.lock();
    learn();
    lock.unlock();
    for (std::size_t i = 0; i < group_.size(); ++i) group_[i].done(results_[i]);
    group_.clear();
    after_group_();
    lock.lock();
  }
}

void GroupWriter::gather(MutexLock& lock) {
  if (expected_ <= kFew) return;
  wake_at_ = std::min(expected_, kMostMembers);
  const auto deadline = first_queued_ + longest_gather_;
  while (queue_.size() < wake_at_ && !stopping_) {
    if (!wake_.wait_until(lock, deadline)) break;
  }
}

void GroupWriter::take_group() {
  const std::size_t count = std::min(queue_.size(), kMostMembers);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  group_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  if (!queue_.empty()) first_queued_ = std::chrono::steady_clock::now();
}

void GroupWriter::commit_group() {
  changes_.clear();
  for (const Member& member : group_) {
    if (member.change) changes_.push_back(&*member.change);
  }
  std::vector<CommitResult> decided(changes_.size(), CommitResult::Failed);
  if (!changes_.empty()) committer_.commit(changes_, decided);
  results_.clear();
  auto next = decided.begin();
  for (const Member& member : group_) results_.push_back(member.change ? *next++ : member.change.error());
}

/// What is on its way now: the group that is about to be told, and those who came meanwhile. Rises at once,
/// falls by a quarter of the difference, so that one quiet group does not end the gathering.
void GroupWriter::learn() {
  const std::size_t on_their_way = queue_.size() + group_.size();
  if (on_their_way >= expected_) {
    expected_ = on_their_way;
  } else {
    expected_ -= (expected_ - on_their_way + 3) / 4;
  }
}

}  // namespace certspan
