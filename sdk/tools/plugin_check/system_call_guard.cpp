#include "sdk/tools/plugin_check/system_call_guard.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {
namespace {

constexpr int kForbidden[] = {
    SCMP_SYS(fork),      SCMP_SYS(vfork),     SCMP_SYS(execve),      SCMP_SYS(execveat), SCMP_SYS(exit_group),
    SCMP_SYS(chdir),     SCMP_SYS(fchdir),    SCMP_SYS(chroot),      SCMP_SYS(umask),    SCMP_SYS(setrlimit),
    SCMP_SYS(setuid),    SCMP_SYS(setgid),    SCMP_SYS(setreuid),    SCMP_SYS(setregid), SCMP_SYS(setresuid),
    SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(setsid),      SCMP_SYS(setpgid),  SCMP_SYS(unshare),
    SCMP_SYS(setns),     SCMP_SYS(ptrace),    SCMP_SYS(personality), SCMP_SYS(mount),    SCMP_SYS(kill)};

/// A call that is forbidden for some values of one argument.
struct ForbiddenIf {
  int call;
  scmp_arg_cmp when;
};

constexpr ForbiddenIf kForbiddenProcess[] = {
    // A new thread is no fork.
    {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}},
    {SCMP_SYS(prlimit64), {2, SCMP_CMP_NE, 0, 0}},
};
constexpr ForbiddenIf kForbiddenNetwork[] = {
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET, 0}},
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET6, 0}},
};

bool add_all(scmp_filter_ctx filter, std::span<const ForbiddenIf> calls) {
  return std::all_of(calls.begin(), calls.end(), [&](const ForbiddenIf& each) {
    return seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, each.call, 1, &each.when) == 0;
  });
}

bool fill(scmp_filter_ctx filter, Forbidden what) {
  if (what == Forbidden::Network) return add_all(filter, kForbiddenNetwork);
  for (const int call : kForbidden) {
    // A call that this machine does not have can't be made either.
    if (seccomp_rule_add(filter, SCMP_ACT_NOTIFY, call, 0) == -EFAULT) return false;
  }
  // clone3 hides its flags; without it glibc falls back to clone.
  return add_all(filter, kForbiddenProcess) &&
         seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/// What to say of each forbidden call, made before the first one: whoever forks holds the locks of malloc.
std::map<int, std::string> sentences() {
  std::map<int, std::string> made;
  const auto add = [&](int number) {
    char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    if (name != nullptr) made[number] = "it called " + std::string(name);
    std::free(name);  // NOLINT(cppcoreguidelines-no-malloc): libseccomp's
  };
  for (const int number : kForbidden) add(number);
  add(SCMP_SYS(prlimit64));
  made[SCMP_SYS(socket)] = "it opened a socket of the network";
  made[SCMP_SYS(clone)] = "it called fork (clone)";
  return made;
}

/// Waits for the first forbidden call. Not under the filter itself, for it was started before.
void watch(const std::atomic<int>& notifications) {
  const auto said = sentences();
  seccomp_notif* seen = nullptr;
  seccomp_notif_resp* answer = nullptr;
  if (seccomp_notify_alloc(&seen, &answer) != 0) return;
  while (notifications == -1) std::this_thread::yield();
  if (notifications < 0) return;
  if (seccomp_notify_receive(notifications, seen) != 0) return;
  const auto sentence = said.find(seen->data.nr);
  end_check_now(sentence == said.end() ? "it made a forbidden system call"
                                       : std::string_view(sentence->second));
}

}  // namespace

bool forbid_system_calls(Forbidden what) {
  static std::atomic<int> notifications = -1;
  constexpr int kNone = -2;
  std::thread(&watch, std::cref(notifications)).detach();
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const bool loaded = filter != nullptr && fill(filter, what) && seccomp_load(filter) == 0;
  const int fd = loaded ? ::dup(seccomp_notify_fd(filter)) : -1;
  notifications = fd >= 0 ? fd : kNone;
  if (filter != nullptr) seccomp_release(filter);
  return fd >= 0;
}

}  // namespace certspan::check
