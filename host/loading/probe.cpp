#include "host/loading/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/file_descriptor.hpp"
#include "host/loading/abi_text.hpp"
#include "host/loading/probe_protocol.hpp"

namespace certspan {
namespace {

namespace protocol = probe_protocol;

constexpr std::size_t kMostReport = 16UL * 1024 * 1024;
constexpr std::size_t kMostQuoted = 300;  // from the beginning, and as much from the end
/// Above the descriptors that the child gets, so that making those can't close these.
constexpr int kLowestFd = 10;

Error probe_failed(const std::string& what, int error) {
  return {Outcome::Unavailable, "plugin.probe_failed",
          "the probe process could not be run (" + what + ": " + std::generic_category().message(error) +
              "); the plugin was not tried"};
}

/// How the child ended.
struct End {
  bool timed_out = false;
  int status = 0;  ///< of waitpid
};

/// A file in memory: takes whatever the child writes without anybody having to read along.
Result<FileDescriptor> memory_file(const char* name) {
  const FileDescriptor low(::memfd_create(name, MFD_CLOEXEC));
  FileDescriptor file(low ? ::fcntl(low.get(), F_DUPFD_CLOEXEC, kLowestFd) : -1);
  if (!file) return tl::unexpected(probe_failed("memfd_create", errno));
  return file;
}

std::string contents(const FileDescriptor& file, off_t from, std::size_t most) {
  std::string text(most, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// posix_spawn's lists, which have to be freed.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void redirect(const FileDescriptor& input, const FileDescriptor& output, const FileDescriptor& report) {
    ::posix_spawn_file_actions_adddup2(&actions_, input.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, report.get(), protocol::kReportFd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, protocol::kReportFd + 1);
  }

  /// The host blocks signals and ignores some; the child must be as mortal as any process.
  void fresh_signals_and_group() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  Result<pid_t> run(const ProbeCall& call) {
    std::vector<std::string> words = {call.program.string()};
    words.insert(words.end(), call.arguments.begin(), call.arguments.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, call.program.c_str(), &actions_, &attributes_, arguments.data(), environ);
    if (error != 0) return tl::unexpected(probe_failed(call.program.string(), error));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// True when the child has ended by `deadline`. It is not reaped yet, so its id stays its own.
bool ends_by(const FileDescriptor& pidfd, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd poll_fd{pidfd.get(), POLLIN, 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

End wait_for(pid_t pid, std::chrono::milliseconds limit) {
  End end;
  // By number: the header of glibc 2.36 declares pidfd_open for C only.
  const FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  end.timed_out = !pidfd || !ends_by(pidfd, std::chrono::steady_clock::now() + limit);
  ::kill(-pid, SIGKILL);  // also what the plugin may have started
  while (::waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
  }
  return end;
}

/// What the child said about itself.
struct Told {
  std::string phase;
  bool ok = false;
  Bytes description;
  std::optional<Error> refusal;
};

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

Error read_refusal(std::string_view words, std::string_view message) {
  const auto blank = std::min(words.find(' '), words.size());
  const auto outcome = outcome_from_string(words.substr(0, blank)).value_or(Outcome::Invalid);
  words.remove_prefix(std::min(blank + 1, words.size()));
  return {outcome, clean_text(words, 64), clean_text(message, 4000)};
}

Told read_report(std::string_view text) {
  Told told;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with(protocol::kPhase)) {
      told.phase = clean_text(line.substr(std::strlen(protocol::kPhase)), 200);
    } else if (line.starts_with(protocol::kRefused)) {
      told.refusal = read_refusal(line.substr(std::strlen(protocol::kRefused)), take_line(text));
      return told;
    } else if (line.starts_with(protocol::kOk)) {
      // The plugin may have written behind our back; what counts is what the verdict's reader makes of it.
      told.ok = std::to_string(text.size()) == line.substr(std::strlen(protocol::kOk));
      told.description = copy_of(as_bytes(text));
      return told;
    }
  }
  return told;
}

std::size_t size_of(const FileDescriptor& file) {
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  return std::min(kMostReport, static_cast<std::size_t>(std::max<off_t>(size, 0)));
}

/// The beginning and the end of what the plugin printed, as a clause; most crashes say there why.
std::string printed_words(const FileDescriptor& output) {
  const off_t size = ::lseek(output.get(), 0, SEEK_END);
  std::string text = contents(output, 0, kMostQuoted);
  if (size > static_cast<off_t>(2 * kMostQuoted)) {
    text += " ... " + contents(output, size - static_cast<off_t>(kMostQuoted), kMostQuoted);
  } else {
    text += contents(output, static_cast<off_t>(kMostQuoted), kMostQuoted);
  }
  text = clean_text(text, 3 * kMostQuoted);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? "" : "; it printed: \"" + text + "\"";
}

Error crashed(const std::string& how, const Told& told, const std::string& printed) {
  return {Outcome::Invalid, "plugin.crashed",
          how + " while " + told.phase +
              "; only the probe process died, this is for the plugin's vendor to "
              "repair" +
              printed};
}

Result<void> verdict(const End& end, const Told& told, const std::string& printed,
                     std::chrono::milliseconds limit) {
  if (end.timed_out) {
    return fail(Outcome::Invalid, "plugin.hung",
                "it did not return within " + std::to_string(limit.count()) + " ms while " +
                    (told.phase.empty() ? "the probe process started" : told.phase) +
                    " and was killed; this is for the plugin's vendor to repair, unless the machine is "
                    "overloaded" +
                    printed);
  }
  if (told.phase.empty()) return tl::unexpected(probe_failed("it said nothing" + printed, ENOEXEC));
  if (told.refusal) return tl::unexpected(*told.refusal);
  if (WIFSIGNALED(end.status)) {
    const int signal = WTERMSIG(end.status);
    const char* name = ::sigabbrev_np(signal);
    return tl::unexpected(crashed("it crashed with signal " + std::to_string(signal) +
                                      (name == nullptr ? "" : " (SIG" + std::string(name) + ")"),
                                  told, printed));
  }
  if (!told.ok || WEXITSTATUS(end.status) != 0) {
    return tl::unexpected(crashed(
        "it ended the process with exit code " + std::to_string(WEXITSTATUS(end.status)), told, printed));
  }
  return {};
}

}  // namespace

Result<Bytes> run_probe(const ProbeCall& call) {
  CERTSPAN_TRY(const FileDescriptor input, memory_file("certspan-probe-input"));
  CERTSPAN_TRY(const FileDescriptor output, memory_file("certspan-probe-output"));
  CERTSPAN_TRY(const FileDescriptor report, memory_file("certspan-probe-report"));
  if (::pwrite(input.get(), call.input.data(), call.input.size(), 0) !=
      static_cast<ssize_t>(call.input.size())) {
    return tl::unexpected(probe_failed("its input", errno));
  }
  SpawnPlan plan;
  plan.redirect(input, output, report);
  plan.fresh_signals_and_group();
  CERTSPAN_TRY(const pid_t pid, plan.run(call));
  const End end = wait_for(pid, call.limit);
  Told told = read_report(contents(report, 0, size_of(report)));
  CERTSPAN_CHECK(verdict(end, told, printed_words(output), call.limit));
  return std::move(told.description);
}

Result<worker::PluginDescription> probe_plugin(const std::filesystem::path& path,
                                               const std::filesystem::path& program,
                                               std::chrono::milliseconds limit,
                                               const std::filesystem::path& beside) {
  std::vector<std::string> arguments = {protocol::kOption, path.string()};
  if (!beside.empty()) arguments.push_back(beside.string());
  CERTSPAN_TRY(const Bytes told, run_probe({program, std::move(arguments), {}, limit}));
  auto description = worker::decode_description(told);
  if (!description) return tl::unexpected(probe_failed("its description can't be read", EBADMSG));
  return std::move(*description);
}

}  // namespace certspan
