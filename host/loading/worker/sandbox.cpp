#include "host/loading/worker/sandbox.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "host/base/file_descriptor.hpp"

namespace certspan::worker {
namespace {

constexpr rlim_t kMostMemory = 1024UL * 1024 * 1024;
constexpr rlim_t kMostFiles = 1024;
constexpr rlim_t kLargestFile = 64UL * 1024 * 1024;  // of those in memory: others can't be written
constexpr std::size_t kStack = 1024UL * 1024;

tl::unexpected<Error> no_sandbox(const std::string& what, int error) {
  return fail(Outcome::Unavailable, "plugin.sandbox",
              "its worker process can't be shut in (" + what + ": " + std::generic_category().message(error) +
                  "); the plugin was not loaded");
}

void limit(__rlimit_resource_t what, rlim_t most) {
  const rlimit both{most, most};
  ::setrlimit(what, &both);
}

void set_limits() {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kMostFiles);
  limit(RLIMIT_FSIZE, kLargestFile);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_DATA, kMostMemory);
#endif
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStack);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

// Landlock.

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;

/// What every plugin may read: libraries, their configuration, the machine's CAs, names and time zone.
constexpr std::array<const char*, 16> kReadable = {"/usr",
                                                   "/lib",
                                                   "/lib64",
                                                   "/etc/ssl",
                                                   "/etc/ld.so.cache",
                                                   "/etc/localtime",
                                                   "/etc/hosts",
                                                   "/etc/resolv.conf",
                                                   "/etc/nsswitch.conf",
                                                   "/etc/gai.conf",
                                                   "/etc/host.conf",
                                                   "/etc/services",
                                                   "/dev/urandom",
                                                   "/dev/null",
                                                   "/dev/zero",
                                                   "/sys/devices/system/cpu"};

/// All that this kernel's Landlock can forbid, as far as we know it.
std::uint64_t all_accesses(long abi) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (abi >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
  if (abi >= 3) all |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
  return all;
}

void allow(int ruleset, int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(facts.st_mode) ? kRead : kReadFile;
  rule.parent_fd = file;
  ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

void allow(int ruleset, const char* path) {
  // What is missing can't be read either.
  const FileDescriptor file(::open(path, O_PATH | O_CLOEXEC));
  if (file) allow(ruleset, file.get());
}

/// False: this kernel has no Landlock.
Result<bool> close_files(const SandboxRules& rules) {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = all_accesses(abi);
  const FileDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0)));
  if (!ruleset) return no_sandbox("landlock_create_ruleset", errno);
  for (const char* path : kReadable) allow(ruleset.get(), path);
  for (const std::string& path : rules.readable) allow(ruleset.get(), path.c_str());
  allow(ruleset.get(), rules.image);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return no_sandbox("landlock_restrict_self", errno);
  }
  return true;
}

// seccomp.

struct FilterEnd {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterEnd>;

constexpr std::uint32_t kRefuse = SCMP_ACT_ERRNO(EPERM);

/// What no plugin has a use for: other programs and processes, the machine's settings, kernel interfaces with
/// a history.
constexpr auto kRefused = std::to_array<int>({
    // programs and processes
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(tkill),
    // who we are
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(capset),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(personality),
    // the machine
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsconfig),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(reboot),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    // interfaces of the kernel
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(shmget),
    SCMP_SYS(msgget),
    SCMP_SYS(semget),
    SCMP_SYS(mq_open),
});

/// Refuses `call` when its argument compares so.
bool refuse_if(scmp_filter_ctx filter, int call, unsigned argument, scmp_compare compare, scmp_datum_t a,
               scmp_datum_t b = 0) {
  const scmp_arg_cmp condition{argument, compare, a, b};
  return ::seccomp_rule_add_array(filter, kRefuse, call, 1, &condition) == 0;
}

bool refuse_processes(scmp_filter_ctx filter) {
  // Threads, and no other process. The C library falls back from clone3, whose flags can't be looked at.
  const auto own = static_cast<scmp_datum_t>(::getpid());
  return ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
         refuse_if(filter, SCMP_SYS(clone), 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0) &&
         refuse_if(filter, SCMP_SYS(kill), 0, SCMP_CMP_NE, own) &&
         refuse_if(filter, SCMP_SYS(tgkill), 0, SCMP_CMP_NE, own) &&
         refuse_if(filter, SCMP_SYS(prlimit64), 0, SCMP_CMP_NE, 0);
}

bool refuse_network(scmp_filter_ctx filter, bool network) {
  if (!network) return ::seccomp_rule_add(filter, kRefuse, SCMP_SYS(socket), 0) == 0;
  // Names and addresses, nothing raw; and no sockets of this machine, where a user's word counts: the worker
  // is of the host's user, whom the host's own control socket obeys.
  for (int family = AF_UNSPEC; family <= AF_NETLINK; ++family) {
    if (family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    if (!refuse_if(filter, SCMP_SYS(socket), 0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family))) return false;
  }
  return refuse_if(filter, SCMP_SYS(socket), 0, SCMP_CMP_GT, AF_NETLINK) &&
         refuse_if(filter, SCMP_SYS(socket), 1, SCMP_CMP_MASKED_EQ, 0xF, SOCK_RAW);
}

/// A pair of datagram sockets could be told to send elsewhere. Memory that is shared with nobody is not
/// counted by RLIMIT_DATA.
bool refuse_ways_around(scmp_filter_ctx filter) {
  constexpr scmp_datum_t kSharedWithNobody = MAP_SHARED | MAP_ANONYMOUS;
  return refuse_if(filter, SCMP_SYS(socketpair), 1, SCMP_CMP_MASKED_EQ, 0xF, SOCK_DGRAM) &&
         refuse_if(filter, SCMP_SYS(mmap), 3, SCMP_CMP_MASKED_EQ, kSharedWithNobody, kSharedWithNobody);
}

Result<void> close_kernel(bool network) {
  const Filter filter(::seccomp_init(SCMP_ACT_ALLOW));
  bool good = filter != nullptr;
  for (const int call : kRefused) {
    good = good && ::seccomp_rule_add(filter.get(), kRefuse, call, 0) == 0;
  }
  good = good && refuse_processes(filter.get()) && refuse_network(filter.get(), network) &&
         refuse_ways_around(filter.get());
  if (!good) return no_sandbox("the seccomp filter", EINVAL);
  const int error = ::seccomp_load(filter.get());
  if (error != 0) return no_sandbox("seccomp_load", -error);
  return {};
}

}  // namespace

Result<std::string> enter_sandbox(const SandboxRules& rules) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
  if (::chdir("/") != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return no_sandbox("no_new_privs", errno);
  }
  set_limits();
  CERTSPAN_TRY(const bool files, close_files(rules));
  CERTSPAN_CHECK(close_kernel(rules.network));
  return std::string("seccomp") + (files ? ", landlock" : ", no landlock") +
         (rules.network ? ", network" : ", no network");
}

}  // namespace certspan::worker
