#include "sdk/tools/plugin_check/child.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <system_error>

#include "host/loading/abi_text.hpp"

namespace certspan::check {

constexpr std::size_t kLongestVerdict = 256UL * 1024;
constexpr std::size_t kLongestPhase = 200;
constexpr std::size_t kMostQuoted = 600;

/// Memory that parent and child share. The child writes, the parent reads after its end.
struct Board {
  std::atomic<std::uint32_t> done;
  Standing standing;
  std::uint32_t reason_size;
  std::uint32_t data_size;
  char phase[kLongestPhase + 1];
  char text[kLongestVerdict];

  void put(const Verdict& verdict) {
    standing = verdict.standing;
    const std::string_view reason(verdict.reason.data(), std::min(verdict.reason.size(), kLongestVerdict));
    const std::string_view data(verdict.data.data(),
                                std::min(verdict.data.size(), kLongestVerdict - reason.size()));
    reason_size = static_cast<std::uint32_t>(reason.copy(text, reason.size()));
    data_size = static_cast<std::uint32_t>(data.copy(text + reason.size(), data.size()));
    done = 1;
  }
  void put_failure(std::string_view what) {
    std::size_t size = 0;
    for (const std::string_view part :
         {what, std::string_view(" ("), std::string_view(phase), std::string_view(")")}) {
      size += part.copy(text + size, kLongestVerdict - size);
    }
    standing = Standing::Failed;
    reason_size = static_cast<std::uint32_t>(size);
    data_size = 0;
    done = 1;
  }
};

namespace {

struct CheckWork {
  const Check& check;
  Run& run;
  Verdict verdict;
};

/// The phase of this process: in a child on the board, otherwise nowhere.
char* phase_text = nullptr;
int output_fd = -1;
Board* board_of_child = nullptr;
pid_t child_pid = 0;

std::string current_exception_words() {
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& exception) {
    return "\"" + std::string(exception.what()) + "\"";
  } catch (...) {
    return "something that is no std::exception";
  }
  return {};
}

Verdict run_guarded(const Check& check, Run& run) {
  try {
    check.run(run);
    return {Standing::Passed, {}, run.data};
  } catch (const CheckFailed& failed) {
    return {Standing::Failed, failed.what(), run.data};
  } catch (const CheckSkipped& skipped) {
    return {Standing::Skipped, skipped.what(), run.data};
  } catch (const std::exception& other) {
    return {Standing::Failed, "an exception came out of the plugin: \"" + std::string(other.what()) + "\"",
            run.data};
  } catch (...) {
    return {Standing::Failed, "an exception that is no std::exception came out of the plugin", run.data};
  }
}

void* run_on_thread(void* argument) {
  auto& work = *static_cast<CheckWork*>(argument);
  work.verdict = run_guarded(work.check, work.run);
  return nullptr;
}

/// So that checks don't depend on what a parent shell has set.
void close_from(unsigned first) {
  ::syscall(SYS_close_range, first, ~0U, 0);
}

}  // namespace

void enter_phase(std::string_view phase) {
  if (phase_text == nullptr) return;
  const std::size_t size = phase.copy(phase_text, kLongestPhase);
  phase_text[size] = '\0';
}

std::string current_phase() {
  return phase_text == nullptr || *phase_text == '\0' ? "" : " (" + std::string(phase_text) + ")";
}

std::uint64_t bytes_printed() {
  if (output_fd < 0) return 0;
  const off_t size = ::lseek(output_fd, 0, SEEK_END);
  return size < 0 ? 0 : static_cast<std::uint64_t>(size);
}

bool in_child() {
  return board_of_child != nullptr;
}

void end_check_now(std::string_view what) {
  if (!in_child()) return;
  board_of_child->put_failure(what);
  ::_exit(0);
}

Verdict run_here(const Check& check, Run& run) {
  CheckWork work{check, run, {}};
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, nullptr, &run_on_thread, &work);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return {Standing::Skipped, "no thread could be started for it"};
  ::pthread_join(thread, nullptr);
  return work.verdict;
}

Child::Child(const Check& check, const Run& run, std::chrono::milliseconds limit)
    : limit_(limit), deadline_(std::chrono::steady_clock::now() + limit) {
  void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::system_category(), "mmap");
  board_ = static_cast<Board*>(memory);
  output_ = FileDescriptor(::memfd_create("printed", MFD_CLOEXEC));
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::system_category(), "fork");
  if (pid_ == 0) become_child(check, run);
  // By number: the header of glibc 2.36 declares pidfd_open for C only.
  pidfd_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

void Child::become_child(const Check& check, Run run) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output_.get(), STDOUT_FILENO);
  ::dup2(output_.get(), STDERR_FILENO);
  close_from(STDERR_FILENO + 1);
  ::mallopt(M_ARENA_MAX, 1);  // so that what is allocated can be counted
  phase_text = board_->phase;
  output_fd = STDERR_FILENO;
  board_of_child = board_;
  child_pid = ::getpid();
  std::set_terminate([] {
    const std::string what = current_exception_words();
    if (::getpid() == child_pid && !what.empty()) {
      board_of_child->put(
          {Standing::Failed, "it threw " + what + " where nobody catches (" + phase_text + ")"});
      ::_exit(1);
    }
    std::abort();
  });
  const Verdict verdict = run_here(check, run);
  // A child of the plugin's own may come by here.
  if (::getpid() == child_pid) board_->put(verdict);
  ::_exit(0);
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ::munmap(board_, sizeof(Board));
}

Verdict Child::finish() {
  int status = 0;
  const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
  ::kill(-pid_, SIGKILL);  // also what the plugin may have started
  if (!ended) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  return verdict_of(status, !ended);
}

Verdict Child::verdict_of(int status, bool timed_out) const {
  const std::string phase =
      clean_text(std::string_view(board_->phase, ::strnlen(board_->phase, kLongestPhase)), kLongestPhase);
  const std::string during = phase.empty() ? "" : " (" + phase + ")";
  if (timed_out) {
    return {Standing::Failed,
            "it did not return within " + std::to_string(limit_.count()) + " ms" + during + printed()};
  }
  if (WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return {Standing::Failed, "it crashed with signal " + std::to_string(WTERMSIG(status)) +
                                  (name == nullptr ? "" : " (SIG" + std::string(name) + ")") + during +
                                  printed()};
  }
  if (board_->done == 0) {
    return {Standing::Failed, "it ended the process with exit code " + std::to_string(WEXITSTATUS(status)) +
                                  during + printed()};
  }
  const std::string_view text(board_->text, kLongestVerdict);
  const std::size_t reason = std::min<std::size_t>(board_->reason_size, text.size());
  const std::size_t data = std::min<std::size_t>(board_->data_size, text.size() - reason);
  return {board_->standing, clean_text(text.substr(0, reason), kLongestVerdict),
          std::string(text.substr(reason, data))};
}

std::string Child::printed() const {
  std::string text(kMostQuoted, '\0');
  const ssize_t got = ::pread(output_.get(), text.data(), text.size(), 0);
  text = clean_text(text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0), kMostQuoted);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? "" : "; it printed: \"" + text + "\"";
}

}  // namespace certspan::check
