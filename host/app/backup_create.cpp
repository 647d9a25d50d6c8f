#include "host/app/backup_create.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "host/app/backup_contents.hpp"
#include "host/app/backup_file.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/backup/pack.hpp"
#include "host/base/clock.hpp"
#include "host/control/control_client.hpp"
#include "host/journal/file.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/snapshot.hpp"

namespace certspan {
namespace {

using backup::PackedFile;
using backup::Part;

/// A journal of many gigabytes takes its time.
constexpr std::chrono::minutes kSnapshotPatience{30};

/// One backup at a time: locks the directory, until the process ends, however it ends. A host locks a file in
/// it.
Result<File> one_at_a_time(const std::filesystem::path& data_dir) {
  File directory = File::open(data_dir, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) {
    return fail(Outcome::Unavailable, "backup.data_dir",
                "\"" + data_dir.string() + "\" can't be opened: " + errno_text(errno) +
                    "; run this as the host's user");
  }
  if (::flock(directory.descriptor(), LOCK_EX | LOCK_NB) == 0) return directory;
  return fail(Outcome::Unavailable, "backup.busy", "another backup of this host is being made");
}

/// The journal's snapshot, for as long as it is needed.
class Snapshot {
 public:
  explicit Snapshot(std::filesystem::path file) : file_(std::move(file)) {}
  ~Snapshot() { remove_snapshot(file_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const std::filesystem::path& file() const { return file_; }

 private:
  const std::filesystem::path file_;
};

Result<void> take_snapshot(const Config& config, const std::filesystem::path& to) {
  auto answer =
      call_host(control_socket(config), "journal_snapshot", nlohmann::json::object(), kSnapshotPatience);
  if (answer) return {};
  if (answer.error().code != "control.no_host") return tl::unexpected(std::move(answer).error());
  const SystemClock clock;
  CERTSPAN_TRY(const auto journal, open_offline(config, Offline::Read, clock));
  return journal->snapshot(to);
}

PackedFile packed(Part part, std::filesystem::path place, std::string name = {}) {
  if (name.empty()) name = backup::name_of(part);
  const auto from = place;
  return {{.part = part, .name = std::move(name), .place = std::move(place)}, from};
}

std::vector<PackedFile> files_of(const BackupContents& contents, const std::filesystem::path& config_file,
                                 const std::filesystem::path& snapshot) {
  std::error_code error;
  const auto data = std::filesystem::absolute(contents.config.host.data_dir, error).lexically_normal();
  std::vector<PackedFile> files;
  files.push_back(packed(Part::JournalKey, data / "journal.key"));
  if (std::filesystem::exists(data / "audit.key", error)) {
    files.push_back(packed(Part::AuditKey, data / "audit.key"));
  }
  const auto config = std::filesystem::absolute(config_file, error).lexically_normal();
  files.push_back(packed(Part::Config, config));
  std::size_t number = 0;
  for (const auto& file : contents.files) {
    files.push_back(packed(Part::File, file, std::string(backup::kFilesPrefix) + std::to_string(++number)));
  }
  // Last, so that what is small and may be unreadable comes before gigabytes.
  files.push_back(packed(Part::Journal, data / "journal.db"));
  files.back().from = snapshot;
  return files;
}

/// The journal and its key are known when the journal was copied; what else can't be read is told before.
bool comes_with_journal(const PackedFile& file) {
  return file.file.part == Part::Journal || file.file.part == Part::JournalKey;
}

Result<void> measure_all(std::vector<PackedFile>& files, bool journal) {
  for (PackedFile& file : files) {
    if (comes_with_journal(file) == journal) CERTSPAN_CHECK(backup::measure(file));
  }
  return {};
}

/// The key that the journal is sealed with, wherever it stands, as a file that is in memory alone.
Result<File> in_memory(const SealingKey& key) {
  File file(::memfd_create("journal.key", MFD_CLOEXEC));
  if (file.is_open() && file.write(key.value())) return file;
  return fail(Outcome::Unavailable, "backup.key", "no memory for the sealing key: " + errno_text(errno));
}

}  // namespace

Result<backup::Manifest> create_backup(const BackupOrder& order) {
  CERTSPAN_TRY(const BackupContents contents, backup_contents(order.config));
  const auto& data_dir = contents.config.host.data_dir;
  CERTSPAN_TRY(const ConfiguredKeys keys, configured_keys(contents.config.host));
  CERTSPAN_TRY(const File lock, one_at_a_time(data_dir));
  const Snapshot snapshot(data_dir / kSnapshotName);
  auto files = files_of(contents, order.config, snapshot.file());
  CERTSPAN_CHECK(measure_all(files, false));
  backup::Manifest manifest;
  manifest.version = CERTSPAN_VERSION;
  manifest.made_at = SystemClock().wall_ms();
  CERTSPAN_CHECK(take_snapshot(contents.config, snapshot.file()));
  CERTSPAN_TRY(const SnapshotFacts facts, look_at_snapshot(snapshot.file(), data_dir, keys));
  CERTSPAN_TRY(const File key, in_memory(facts.key));
  for (PackedFile& file : files) {
    if (file.file.part == Part::JournalKey) file.from = "/proc/self/fd/" + std::to_string(key.descriptor());
  }
  manifest.schema = facts.schema;
  manifest.audit = facts.audit;
  manifest.provided = contents.provided;
  CERTSPAN_CHECK(measure_all(files, true));
  for (const PackedFile& file : files) manifest.files.push_back(file.file);
  CERTSPAN_CHECK(write_backup_file(order.out, order.passphrase, [&](backup::ByteSink& out) {
    return backup::pack(manifest, files, out);
  }));
  return manifest;
}

}  // namespace certspan
