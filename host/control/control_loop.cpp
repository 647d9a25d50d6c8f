#include "host/control/control_loop.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace certspan {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long accepting rests when the process has no file descriptor left.
constexpr milliseconds kAcceptPause{100};

bool would_block() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

ControlLoop::ControlLoop(Options options, Answer answer, Refusal refusal)
    : options_(options), answer_(std::move(answer)), refusal_(std::move(refusal)) {}

ControlLoop::~ControlLoop() {
  stop();
}

Result<void> ControlLoop::start(FileDescriptor listener) {
  wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) {
    return fail(Outcome::Unavailable, "control.cannot_listen",
                "no file descriptor is left for the control socket: raise the limit of open files");
  }
  listener_ = std::move(listener);
  threads_.emplace_back([this] { poll_connections(); });
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { answer_tasks(Pace::Quick); });
    threads_.emplace_back([this] { answer_tasks(Pace::Slow); });
  }
  return {};
}

void ControlLoop::stop() {
  if (threads_.empty()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  wake();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  connections_.clear();
  listener_.reset();
}

void ControlLoop::wake() const {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the poll wakes as well.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
}

void ControlLoop::poll_connections() {
  pthread_setname_np(pthread_self(), "certspan-ctl");
  std::vector<pollfd> polled;
  std::vector<std::uint64_t> ids;
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
    }
    polled = {{wake_.get(), POLLIN, 0}, {accept_paused_ ? -1 : listener_.get(), POLLIN, 0}};
    ids.clear();
    for (const auto& [id, connection] : connections_) {
      short wanted = 0;
      if (connection.phase == Phase::Reading) wanted = POLLIN;
      if (connection.phase == Phase::Writing) wanted = POLLOUT;
      polled.push_back({connection.socket.get(), wanted, 0});
      ids.push_back(id);
    }
    ::poll(polled.data(), polled.size(), wait_time());
    accept_paused_ = false;
    std::uint64_t woken = 0;
    if (polled[0].revents != 0) [[maybe_unused]]
      const ssize_t got = ::read(wake_.get(), &woken, sizeof(woken));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (polled[i + 2].revents != 0) handle(ids[i], connections_.at(ids[i]), polled[i + 2].revents);
    }
    take_answers();
    drop_late();
    if (polled[1].revents != 0) accept_all();
    forget_gone();
  }
}

int ControlLoop::wait_time() const {
  if (accept_paused_) return static_cast<int>(kAcceptPause.count());
  std::optional<TimePoint> next;
  for (const auto& [id, connection] : connections_) {
    if (connection.phase == Phase::Answering) continue;
    if (!next || connection.deadline < *next) next = connection.deadline;
  }
  if (!next) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*next - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void ControlLoop::accept_all() {
  for (;;) {
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      accept_paused_ = !would_block() && errno != ECONNABORTED;
      return;
    }
    Connection connection;
    connection.client = credentials_of(socket);
    connection.socket = std::move(socket);
    connection.deadline = steady_clock::now() + options_.timeout;
    const bool privileged = is_host_itself(connection.client);
    const bool full = connections_.size() >= options_.connections ||
                      (!privileged && connections_of(connection.client.uid) >= options_.connections_per_user);
    // Root comes in also when the others have taken all places.
    if (full && (!privileged || connections_.size() >= 2 * options_.connections)) {
      refuse(connection, Error(Outcome::Throttled, "control.busy",
                               "too many connections to the control socket: try again in a moment"));
      write_to(connection);
      continue;
    }
    connections_.emplace(next_id_++, std::move(connection));
  }
}

std::size_t ControlLoop::connections_of(uid_t uid) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_, [uid](const auto& entry) { return entry.second.client.uid == uid; }));
}

void ControlLoop::handle(std::uint64_t id, Connection& connection, short events) {
  bool alive = true;
  if (connection.phase == Phase::Reading) {
    alive = read_from(connection);
    take_line(id, connection);
    alive = alive || connection.phase != Phase::Reading;
  } else if (connection.phase == Phase::Writing) {
    alive = write_to(connection);
    if (alive && connection.phase == Phase::Reading) take_line(id, connection);
  } else if ((events & (POLLHUP | POLLERR)) != 0) {
    alive = false;  // the command goes on, nobody hears how it ended
  }
  if (!alive) gone_.push_back(id);
}

bool ControlLoop::read_from(Connection& connection) {
  std::array<char, 16'384> buffer;
  while (connection.in.size() <= options_.longest_line) {
    const ssize_t got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return would_block();
    if (got == 0) return false;
    connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return true;
}

void ControlLoop::take_line(std::uint64_t id, Connection& connection) {
  const std::size_t end = connection.in.find('\n');
  if (end == std::string::npos || end > options_.longest_line) {
    if (connection.in.size() > options_.longest_line) {
      refuse(connection,
             Error(Outcome::Invalid, "control.too_large",
                   "a request is at most " + std::to_string(options_.longest_line) + " bytes long"));
    }
    return;
  }
  connection.phase = Phase::Answering;
  std::string line = connection.in.substr(0, end);
  connection.in.erase(0, end + 1);
  const MutexLock lock(mutex_);
  tasks_.push_back({id, std::move(line), connection.client});
  changed_.notify_all();
}

void ControlLoop::say(Connection& connection, std::string line) {
  connection.out = std::move(line);
  connection.out += '\n';
  connection.sent = 0;
  connection.phase = Phase::Writing;
  connection.deadline = steady_clock::now() + options_.timeout;
}

void ControlLoop::refuse(Connection& connection, const Error& error) {
  say(connection, refusal_(error));
  connection.last = true;
}

bool ControlLoop::write_to(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t sent = ::send(connection.socket.get(), connection.out.data() + connection.sent,
                                connection.out.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return would_block();
    connection.sent += static_cast<std::size_t>(sent);
  }
  connection.out = {};
  connection.phase = Phase::Reading;
  connection.deadline = steady_clock::now() + options_.timeout;
  return !connection.last;
}

void ControlLoop::take_answers() {
  std::vector<Answered> answered;
  {
    const MutexLock lock(mutex_);
    answered.swap(answered_);
  }
  for (Answered& one : answered) {
    const auto found = connections_.find(one.connection);
    if (found == connections_.end()) continue;
    say(found->second, std::move(one.line));
    if (!write_to(found->second)) gone_.push_back(one.connection);
    // What was sent along with the last request is the next one.
    if (found->second.phase == Phase::Reading) take_line(one.connection, found->second);
  }
}

void ControlLoop::drop_late() {
  const TimePoint now = steady_clock::now();
  for (const auto& [id, connection] : connections_) {
    if (connection.phase != Phase::Answering && connection.deadline <= now) gone_.push_back(id);
  }
}

/// Whoever gave up waiting does not want it done later, behind his back.
void ControlLoop::forget_gone() {
  if (gone_.empty()) return;
  for (const std::uint64_t id : gone_) connections_.erase(id);
  gone_.clear();
  const MutexLock lock(mutex_);
  const auto has_gone = [this](const Task& task) { return !connections_.contains(task.connection); };
  std::erase_if(tasks_, has_gone);
  std::erase_if(slow_tasks_, has_gone);
}

void ControlLoop::answer_tasks(Pace pace) {
  pthread_setname_np(pthread_self(), "certspan-cmd");
  MutexLock lock(mutex_);
  for (;;) {
    auto& tasks = pace == Pace::Quick ? tasks_ : slow_tasks_;
    while (tasks.empty() && !stopping_) changed_.wait(lock);
    if (stopping_) return;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    lock.unlock();
    auto line = answer_(task.line, task.client, pace);
    lock.lock();
    if (line) {
      answered_.push_back({task.connection, std::move(*line)});
      wake();
    } else {
      slow_tasks_.push_back(std::move(task));
      changed_.notify_all();
    }
  }
}

}  // namespace certspan
