#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <certspan/plugin.hpp>

namespace {

namespace sdk = certspan::sdk;

/// "open: EACCES", or "open: done".
std::string told(const std::string& what, bool done) {
  return what + ": " + (done ? "done" : ::strerrorname_np(errno));
}

bool opened(const char* path, int flags) {
  const int file = ::open(path, flags | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  return file >= 0;
}

bool connected_socket(int family, int kind) {
  const int socket = ::socket(family, kind | SOCK_CLOEXEC, 0);
  if (socket >= 0) ::close(socket);
  return socket >= 0;
}

bool paired(int kind) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  for (const int end : ends) ::close(end);
  return true;
}

/// Memory that no limit of the process counts.
bool shared() {
  constexpr std::size_t kPage = 4096;
  void* const page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  ::munmap(page, kPage);
  return true;
}

bool forked() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  return child > 0;
}

bool executed() {
  std::array<char*, 1> nothing{nullptr};
  ::execve("/bin/true", nothing.data(), nothing.data());
  return false;
}

/// What it tries in its cell, one after the other.
std::string attempts(const std::string& secret_file) {
  std::string all = told("read a file of the system", opened("/etc/ssl/openssl.cnf", O_RDONLY));
  const auto add = [&](const std::string& what, bool done) { all += ", " + told(what, done); };
  add("read another file", opened(secret_file.c_str(), O_RDONLY));
  add("read the users", opened("/etc/shadow", O_RDONLY));
  add("write a file", opened("/tmp/prisoner-was-here", O_WRONLY | O_CREAT));
  add("write to the system", opened("/etc/hosts", O_WRONLY));
  add("open a socket", connected_socket(AF_INET, SOCK_STREAM));
  add("open a local socket", connected_socket(AF_UNIX, SOCK_STREAM));
  add("open a raw socket", connected_socket(AF_INET, SOCK_RAW));
  add("pair datagram sockets", paired(SOCK_DGRAM));
  add("share memory", shared());
  add("fork", forked());
  add("run a program", executed());
  add("signal the host", ::kill(::getppid(), 0) == 0);
  add("trace the host", ::ptrace(PTRACE_SEIZE, ::getppid(), nullptr, nullptr) == 0);
  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
  add("lift a limit", ::setrlimit(RLIMIT_CORE, &more) == 0);
  all += std::string(", environment: ") + (environ == nullptr || *environ == nullptr ? "empty" : *environ);
  all += ", privileges: " + std::string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "no new" : "new");
  return all;
}

/// A CA that issues nothing. `ping` tells what it could do to others; what `deed` says it does to itself in
/// `issue`, or before.
class Prisoner final : public sdk::Issuer {
 public:
  static constexpr const char* kName = "prisoner";
  static constexpr const char* kSummary = "A CA that tries to get out.";
  static constexpr const char* kSettingsSchema = R"({"type": "object", "additionalProperties": false,
    "properties": {"deed": {"type": "string", "description": "what issue does"},
                   "certificate_file": {"type": "string", "x-certspan-path": true,
                                        "description": "the CA certificate that it passes off as its own, DER"},
                   "secret_file": {"type": "string", "description": "a file that ping tries to read"}}})";

  static bool validate_settings(std::string_view settings, sdk::Faults& /*faults*/) {
    if (nlohmann::json::parse(settings).value("deed", "") == "crash when asked") __builtin_trap();
    return true;
  }

  Prisoner(sdk::Host host, std::string_view /*name*/, std::string_view settings) : host_(host) {
    const auto json = nlohmann::json::parse(settings);
    deed_ = json.value("deed", "");
    if (deed_ == "crash when made") __builtin_trap();
    secret_file_ = json.value("secret_file", "/nowhere");
    std::ifstream file(json.value("certificate_file", "/nowhere"), std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    certificate_ = content.str();
  }

  sdk::Answer issue(const sdk::Item& /*item*/) override {
    if (deed_ == "crash") __builtin_trap();
    if (deed_ == "abort") std::abort();
    if (deed_ == "exit") ::_exit(0);
    for (volatile bool forever = deed_ == "hang"; forever;) {
    }
    while (deed_ == "leak") leak();
    for (int i = 0; deed_ == "flood" && i < 100'000; ++i) {
      host_.log(sdk::LogLevel::Info, "the prisoner talks");
    }
    return sdk::Answer::rejected("prisoner.no", "it issues nothing");
  }
  sdk::Outcome chain(sdk::ChainSink& chain) override {
    chain.add({reinterpret_cast<const std::uint8_t*>(certificate_.data()), certificate_.size()});
    return sdk::Outcome::Ok;
  }
  sdk::Outcome ping(sdk::Faults& faults) override {
    faults.add("", attempts(secret_file_));
    return sdk::Outcome::Unavailable;
  }

 private:
  static void leak() {
    constexpr std::size_t kPiece = 16UL * 1024 * 1024;
    volatile char* piece = new char[kPiece];
    for (std::size_t i = 0; i < kPiece; i += 4096) piece[i] = 1;
  }

  sdk::Host host_;
  std::string deed_;
  std::string secret_file_;
  std::string certificate_;
};

}  // namespace

CERTSPAN_PLUGIN(Prisoner)
