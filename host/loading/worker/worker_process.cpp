#include "host/loading/worker/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "host/base/helper_program.hpp"
#include "host/loading/abi_text.hpp"
#include "host/loading/worker/frame.hpp"
#include "host/loading/worker/protocol.hpp"

namespace certspan::worker {
namespace {

using std::chrono::steady_clock;

/// Above what the worker gets, so that making those can't close these.
constexpr int kLowestFd = 10;
constexpr std::size_t kLongestPrint = 1000;

tl::unexpected<Error> no_worker(const std::string& what, int error) {
  return fail(Outcome::Unavailable, "plugin.worker",
              "its worker process could not be started (" + what + ": " +
                  std::generic_category().message(error) + ")");
}

FileDescriptor high(int descriptor) {
  return FileDescriptor(descriptor < 0 ? -1 : ::fcntl(descriptor, F_DUPFD_CLOEXEC, kLowestFd));
}

/// posix_spawn's lists, which have to be freed.
struct SpawnLists {
  SpawnLists() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnLists() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnLists(const SpawnLists&) = delete;
  SpawnLists& operator=(const SpawnLists&) = delete;

  void give(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions, from, to); }
  void give_nothing_else() { ::posix_spawn_file_actions_addclosefrom_np(&actions, kImageFd + 1); }

  /// Signals as a plugin finds them in the host: all blocked. Their dispositions are fresh.
  void set_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &all);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

std::vector<std::string> arguments_of(const WorkerPlan& plan) {
  std::vector<std::string> words = {plan.program.string(), plan.type, plan.network ? "network" : "alone"};
  for (const auto& file : plan.readable) words.push_back(file.string());
  return words;
}

int spawn(const WorkerPlan& plan, SpawnLists& lists, pid_t& pid) {
  auto words = arguments_of(plan);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char* nothing = nullptr;  // an empty environment
  return ::posix_spawn(&pid, plan.program.c_str(), &lists.actions, &lists.attributes, arguments.data(),
                       &nothing);
}

std::string how(int status) {
  if (!WIFSIGNALED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
}

}  // namespace

Result<std::shared_ptr<WorkerProcess>> WorkerProcess::start(const WorkerPlan& plan) {
  const FileDescriptor image = high(FileDescriptor(::open(plan.image.c_str(), O_RDONLY | O_CLOEXEC)).get());
  if (!image) return no_worker(plan.image.string(), errno);
  auto [ours, theirs] = FrameSocket::pair();
  std::array<int, 2> pipe{-1, -1};
  if (!ours || ::pipe2(pipe.data(), O_CLOEXEC) != 0) return no_worker("descriptors", errno);
  FileDescriptor output(pipe[0]);
  const FileDescriptor printed = high(FileDescriptor(pipe[1]).get());
  const FileDescriptor control = high(theirs.get());
  const FileDescriptor nothing = high(FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get());
  if (!printed || !control || !nothing) return no_worker("descriptors", errno);
  SpawnLists lists;
  lists.give(nothing.get(), STDIN_FILENO);
  lists.give(printed.get(), STDOUT_FILENO);
  lists.give(printed.get(), STDERR_FILENO);
  lists.give(control.get(), kControlFd);
  lists.give(image.get(), kImageFd);
  lists.give_nothing_else();
  lists.set_signals();
  pid_t pid = -1;
  if (const int error = spawn(plan, lists, pid); error != 0) return no_worker(plan.program.string(), error);
  // By number: the header of glibc 2.36 declares pidfd_open for C only.
  FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::shared_ptr<WorkerProcess> process(
      new WorkerProcess(pid, std::move(pidfd), std::move(ours), std::move(output)));
  for (unsigned i = 0; i < plan.slots; ++i) process->idle_.push_back(process->open_slot());
  return process;
}

WorkerProcess::~WorkerProcess() {
  reap(steady_clock::now());
}

std::unique_ptr<FrameSocket> WorkerProcess::take_slot() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto slot = std::move(idle_.back());
      idle_.pop_back();
      return slot;
    }
  }
  return open_slot();
}

std::unique_ptr<FrameSocket> WorkerProcess::open_slot() const {
  auto [ours, theirs] = FrameSocket::pair();
  const FrameWriter frame(FrameKind::Slot, 0);
  auto slot = std::make_unique<FrameSocket>();
  if (ours && control_.send(frame.frame(), theirs.get())) *slot = std::move(ours);
  return slot;
}

void WorkerProcess::give_back(std::unique_ptr<FrameSocket> slot) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
}

std::string WorkerProcess::printed() const {
  std::array<char, kLongestPrint> text{};
  pollfd waiting{output_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 0) <= 0) return {};
  const ssize_t got = ::read(output_.get(), text.data(), text.size());
  if (got <= 0) return {};
  std::string words = clean_text(std::string_view(text.data(), static_cast<std::size_t>(got)), kLongestPrint);
  words.resize(words.find_last_not_of(' ') + 1);
  return words;
}

void WorkerProcess::end() {
  ::shutdown(control_.get(), SHUT_RDWR);
}

void WorkerProcess::kill() {
  const std::lock_guard lock(mutex_);
  // The group too: what the plugin may have started.
  if (!reaped_) ::kill(-pid_, SIGKILL);
}

std::string WorkerProcess::reap(steady_clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (reaped_) return {};
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000)));
  kill();  // it, and what it may have left in its group
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  reaped_ = true;
  return how(status);
}

std::filesystem::path worker_program() {
  return helper_program("certspan-worker");
}

}  // namespace certspan::worker
