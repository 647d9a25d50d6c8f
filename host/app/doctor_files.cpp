// What `certspan doctor` finds out about files: the disk under data_dir, owners and permissions.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "host/app/doctor.hpp"
#include "host/journal/data_directory.hpp"
#include "host/journal/file.hpp"

namespace certspan {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// Each acceptance waits for a sync; beyond this, enrolments feel it.
constexpr milliseconds kSlowSync{100};
constexpr std::uint64_t kMegabyte = 1024UL * 1024;
constexpr std::uint64_t kTooFull = 64 * kMegabyte;
constexpr std::uint64_t kNearlyFull = 1024 * kMegabyte;

/// How long the sync took. Errors: journal.unwritable.
Result<milliseconds> write_and_read_back(const fs::path& file) {
  const std::string_view text = "certspan doctor\n";
  const File written = File::open(file, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!written.is_open()) return unwritable_data(file, errno);
  const auto before = std::chrono::steady_clock::now();
  if (!written.write(as_bytes(text)) || !written.sync() || !sync_directory(file.parent_path()))
    return unwritable_data(file, errno);
  const auto took = std::chrono::steady_clock::now() - before;
  if (as_text(File::open(file, O_RDONLY).read(text.size() + 1)) != text) return unwritable_data(file, EIO);
  return std::chrono::duration_cast<milliseconds>(took);
}

void examine_sync(const fs::path& directory, Findings& findings) {
  const fs::path file = directory / fmt::format("doctor-{}.tmp", ::getpid());
  const auto took = write_and_read_back(file);
  std::error_code ignored;
  fs::remove(file, ignored);
  if (!took) {
    findings.push_back({Verdict::Faulty, "disk", directory.string(),
                        took.error().message + "; run this as the host's user, and look at the disk"});
    return;
  }
  const bool slow = *took > kSlowSync;
  findings.push_back({slow ? Verdict::Doubtful : Verdict::Fine, "disk", directory.string(),
                      fmt::format("a file was written, synced in {} ms and read back{}", took->count(),
                                  slow ? "; each request waits for such a sync: use a faster disk" : "")});
}

void examine_room(const fs::path& directory, Findings& findings) {
  struct statvfs system {};
  if (::statvfs(directory.c_str(), &system) != 0) return;  // examine_sync has said it
  const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
  const Verdict verdict = free < kTooFull      ? Verdict::Faulty
                          : free < kNearlyFull ? Verdict::Doubtful
                                               : Verdict::Fine;
  findings.push_back(
      {verdict, "disk", directory.string(),
       fmt::format("{} MB are free{}", free / kMegabyte,
                   verdict == Verdict::Fine ? "" : "; make room, a full journal takes no work")});
}

std::optional<mode_t> mode_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode;
}

void examine_modes(const fs::path& directory, Findings& findings) {
  const auto mode = mode_of(directory);
  if (mode && (*mode & (S_IWGRP | S_IWOTH)) != 0) {
    findings.push_back({Verdict::Faulty, "permissions", directory.string(),
                        "others may write data_dir, and could put another journal or key there: chmod go-w " +
                            directory.string()});
  }
  for (const char* name : {"journal.key", "audit.key", "journal.db"}) {
    const fs::path file = directory / name;
    const auto of_file = mode_of(file);
    if (!of_file || (*of_file & (S_IRWXG | S_IRWXO)) == 0) continue;
    findings.push_back({Verdict::Faulty, "permissions", file.string(),
                        "others than the host's user may read or write it: chmod 600 " + file.string()});
  }
}

void examine_secret_file(const fs::path& file, Findings& findings) {
  const auto mode = mode_of(file);
  if (!mode || (*mode & (S_IRWXG | S_IRWXO)) == 0)
    return;  // one that is missing is a fault of the configuration
  const bool all = (*mode & S_IRWXO) != 0 || (*mode & S_IWGRP) != 0;
  findings.push_back(
      {all ? Verdict::Faulty : Verdict::Doubtful, "permissions", file.string(),
       std::string(all ? "others may read or change this secret" : "a group may read this secret") +
           ": chmod 600 " + file.string()});
}

}  // namespace

void examine_data_directory(const fs::path& directory, Findings& findings) {
  std::error_code error;
  if (!fs::exists(directory, error)) {
    findings.push_back({Verdict::Doubtful, "disk", directory.string(),
                        "data_dir is not there yet; the host makes it at its first start, if its user may"});
    return;
  }
  const std::size_t before = findings.size();
  examine_modes(directory, findings);
  if (findings.size() == before) {
    findings.push_back({Verdict::Fine, "permissions", directory.string(),
                        "data_dir and its keys are the host's user's alone"});
  }
  examine_sync(directory, findings);
  examine_room(directory, findings);
}

void examine_secret_files(const CheckedConfig& checked, Findings& findings) {
  std::set<std::string> files;
  for (const PreparedConnector& prepared : checked.prepared.connectors) {
    for (const SecretRef& secret : prepared.secrets) {
      if (secret.store == SecretRef::Store::File) files.insert(secret.name);
    }
  }
  for (const Listener& listener : checked.config.host.listeners) {
    const auto* const tls = std::get_if<TlsFiles>(&listener.tls);
    if (tls != nullptr && tls->key.store == SecretRef::Store::File) files.insert(tls->key.name);
  }
  const std::size_t before = findings.size();
  for (const std::string& file : files) examine_secret_file(file, findings);
  if (findings.size() == before && !files.empty()) {
    findings.push_back({Verdict::Fine, "permissions", "secrets",
                        fmt::format("{} files with secrets are their owners' alone", files.size())});
  }
}

}  // namespace certspan
