#include "host/app/audit_sender.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

#include "host/journal/file.hpp"

namespace certspan {
namespace {

/// Facility authpriv, severity notice (RFC 5424, section 6.2.1).
constexpr int kPriority = 10 * 8 + 5;

tl::unexpected<Error> not_told(const std::filesystem::path& where, int error) {
  return fail(Outcome::Unavailable, "audit.not_told", "\"" + where.string() + "\": " + errno_text(error));
}

Result<void> append(const std::filesystem::path& path, const std::string& line) {
  const File file = File::open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, S_IRUSR | S_IWUSR | S_IRGRP);
  if (!file.is_open() || !file.write(as_bytes(line + "\n")) || !file.sync()) return not_told(path, errno);
  return {};
}

/// As syslog(3) writes to the machine's own syslog, which sends it on.
std::string syslog_record(const std::string& line) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char time[32] = "";
  static_cast<void>(std::strftime(time, sizeof time, "%b %e %H:%M:%S", &parts));
  return "<" + std::to_string(kPriority) + ">" + time + " certspan[" + std::to_string(::getpid()) +
         "]: " + line;
}

Result<void> send_to_syslog(const std::filesystem::path& path, const std::string& line) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) return not_told(path, ENAMETOOLONG);
  std::copy(name.begin(), name.end(), static_cast<char*>(address.sun_path));
  const File socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::string record = syslog_record(line);
  if (!socket.is_open() || ::sendto(socket.descriptor(), record.data(), record.size(), MSG_NOSIGNAL,
                                    reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return not_told(path, errno);
  }
  return {};
}

}  // namespace

AuditSender::AuditSender(Journal& journal, const HeadSigner& signer, const Clock& clock, Log& log,
                         AuditSection where)
    : journal_(journal), signer_(signer), clock_(clock), log_(log), where_(std::move(where)) {
  thread_ = std::thread([this] { run(); });
}

AuditSender::~AuditSender() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void AuditSender::run() {
  for (bool stopping = false; !stopping;) {
    send();
    const auto next = std::chrono::steady_clock::now() + where_.every;
    MutexLock lock(mutex_);
    while (!stopping_ && wake_.wait_until(lock, next)) {
    }
    stopping = stopping_;
  }
  send();
}

void AuditSender::send() {
  const auto head = journal_.audit_head();
  if (!head || head->number == 0 || told_ == *head) return;
  const auto line = signer_.sign(*head, clock_.wall_ms());
  const Result<void> told = line ? tell(*line) : tl::unexpected(line.error());
  if (told) {
    told_ = *head;
    if (std::exchange(failing_, false)) log_.write(LogLevel::Info, "audit head is told outside again", {});
  } else if (!std::exchange(failing_, true)) {
    log_.write(LogLevel::Error, "audit head can't be told outside",
               {{"code", told.error().code}, {"reason", told.error().message}});
  }
}

Result<void> AuditSender::tell(const std::string& line) const {
  Result<void> told;
  if (!where_.file.empty()) told = append(where_.file, line);
  if (!where_.syslog.empty()) {
    auto sent = send_to_syslog(where_.syslog, line);
    if (told) told = std::move(sent);
  }
  return told;
}

}  // namespace certspan
