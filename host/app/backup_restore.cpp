#include "host/app/backup_restore.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "host/app/backup_file.hpp"
#include "host/backup/pack.hpp"
#include "host/base/clock.hpp"
#include "host/journal/audit_verifier.hpp"
#include "host/journal/file.hpp"

namespace certspan {
namespace {

constexpr const char* kData = "data";  ///< of the archive's names, for what belongs into data_dir
constexpr const char* kTree = "tree";  ///< of nothing in an archive
constexpr const char* kLockName = "journal.lock";
constexpr std::size_t kAuditPage = 1000;

tl::unexpected<Error> cannot_restore(const std::filesystem::path& path, const std::string& why) {
  return fail(Outcome::Unavailable, "restore.unwritable",
              "\"" + path.string() + "\" can't be written: " + why);
}

tl::unexpected<Error> unsound(const std::string& what) {
  return fail(Outcome::Rejected, "restore.unsound", "the backup's journal is not sound: " + what);
}

/// What a journal's own errors mean here, where there is no host to start and no damage to look at.
Result<std::unique_ptr<Journal>> open_restored(const std::filesystem::path& data, const Clock& clock) {
  auto journal = open_journal({.directory = data, .clock = &clock});
  if (journal || journal.error().outcome == Outcome::Unavailable) return journal;
  if (journal.error().code == "journal.corrupt") return unsound("it is damaged, or no journal");
  if (journal.error().code != "journal.newer_schema") return journal;
  return fail(Outcome::Unsupported, "backup.newer",
              "the backup was made by a later certspan: restore it with that one");
}

/// A directory beside the target. It goes with all that is in it.
class Staging {
 public:
  static Result<std::unique_ptr<Staging>> beside(const std::filesystem::path& target) {
    std::string name = target.string() + ".restoring-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return cannot_restore(target, errno_text(errno));
    return std::unique_ptr<Staging>(new Staging(name));
  }
  ~Staging() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Staging(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path path_;
};

Result<void> expect_free(const std::filesystem::path& target) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(target, error);
  if (!std::filesystem::exists(status)) return {};
  if (std::filesystem::is_directory(status) && std::filesystem::is_empty(target, error) && !error) return {};
  return fail(Outcome::Rejected, "restore.not_empty",
              "\"" + target.string() + "\" is not empty; nothing is overwritten, name a new directory");
}

/// Their records come before those of items.
Result<void> take_erasures(Journal& journal, AuditVerifier& verifier) {
  std::uint64_t last = 0;
  for (bool more = true; more;) {
    CERTSPAN_TRY(auto erasures, journal.audit_erasures(last, kAuditPage));
    more = !erasures.empty();
    if (more) last = erasures.back().number;
    for (AuditRecord& erasure : erasures) verifier.take(std::move(erasure));
  }
  return {};
}

Result<void> verify_chain(Journal& journal, const AuditHead& told) {
  CERTSPAN_TRY(const AuditHead head, journal.audit_head());
  if (head != told) return unsound("its audit chain ends elsewhere than the backup says");
  std::vector<AuditGap> gaps;
  for (bool more = true; more;) {
    CERTSPAN_TRY(const auto some, journal.audit_gaps(gaps.empty() ? 0 : gaps.back().first, kAuditPage));
    more = !some.empty();
    gaps.insert(gaps.end(), some.begin(), some.end());
  }
  AuditVerifier verifier(head, gaps, {});
  CERTSPAN_CHECK(take_erasures(journal, verifier));
  AuditPage page;
  do {
    CERTSPAN_TRY(page, journal.audit_page(page.last, kAuditPage));
    for (AuditRecord& record : page.records) verifier.take(std::move(record));
  } while (page.more);
  const auto verdict = verifier.finish(gaps);
  if (!verdict.faults.empty()) return unsound(verdict.faults.front());
  return {};
}

Result<Journal::Inspection> look_and_mark(const std::filesystem::path& data, const backup::Manifest& manifest,
                                          bool nothing_lost, WallMs now) {
  const SystemClock clock;
  CERTSPAN_TRY(const auto journal, open_restored(data, clock));
  CERTSPAN_TRY(auto found, journal->inspect());
  if (!found.faults.empty()) return unsound(found.faults.front());
  CERTSPAN_CHECK(verify_chain(*journal, manifest.audit));
  CERTSPAN_CHECK(journal->add_restore({.backup_at = manifest.made_at,
                                       .restored_at = now,
                                       .started_at = std::nullopt,
                                       .audit_number = manifest.audit.number,
                                       .audit_hash = manifest.audit.hash,
                                       .nothing_lost = nothing_lost}));
  CERTSPAN_CHECK(journal->compact(true));
  return found;
}

/// Opens the journal as a host would, which brings an older one up; looks at all of it, and marks it.
Result<Journal::Inspection> check_and_mark(const std::filesystem::path& data,
                                           const backup::Manifest& manifest, bool nothing_lost, WallMs now) {
  CERTSPAN_TRY(auto found, look_and_mark(data, manifest, nothing_lost, now));
  // What is only in the write-ahead log would stay behind.
  std::error_code error;
  const auto log = std::filesystem::file_size(data / "journal.db-wal", error);
  if (!error && log > 0) {
    return cannot_restore(data / "journal.db", "its log could not be moved into it; is the disk full?");
  }
  return found;
}

/// Moves a file to its place, and makes that durable.
Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& place,
                       const std::filesystem::path& tree) {
  std::error_code error;
  std::filesystem::create_directories(place.parent_path(), error);
  if (!error) std::filesystem::rename(from, place, error);
  if (error) return cannot_restore(place, error.message());
  for (auto above = place.parent_path(); above != tree; above = above.parent_path()) sync_directory(above);
  return {};
}

/// Moves each file from its name in the archive to its place below `tree`.
Result<void> arrange(const backup::Manifest& manifest, const std::filesystem::path& staging,
                     const std::filesystem::path& tree) {
  for (const backup::BackupFile& file : manifest.files) {
    CERTSPAN_CHECK(move_file(staging / file.name, tree / file.place.relative_path(), tree));
  }
  // Commands read a journal that no host has opened yet only where this file is.
  const auto data = manifest.file(backup::Part::Journal).place.parent_path();
  CERTSPAN_CHECK(move_file(staging / kData / kLockName, tree / data.relative_path() / kLockName, tree));
  if (!sync_directory(tree)) return cannot_restore(tree, errno_text(errno));
  return {};
}

}  // namespace

Result<Restored> restore_backup(const RestoreOrder& order) {
  const auto target = std::filesystem::absolute(order.to / "").lexically_normal().parent_path();
  CERTSPAN_CHECK(expect_free(target));
  CERTSPAN_TRY(const auto staging, Staging::beside(target));
  Restored restored;
  restored.at = SystemClock().wall_ms();
  CERTSPAN_CHECK(read_backup_file(order.in, order.passphrase, [&](backup::ByteSource& in) -> Result<void> {
    CERTSPAN_TRY(restored.manifest, backup::unpack(in, staging->path()));
    return {};
  }));
  CERTSPAN_TRY(restored.journal,
               check_and_mark(staging->path() / kData, restored.manifest, order.nothing_lost, restored.at));
  const auto tree = staging->path() / kTree;
  CERTSPAN_CHECK(arrange(restored.manifest, staging->path(), tree));
  // An empty directory is replaced, a full one is not.
  if (::rename(tree.c_str(), target.c_str()) != 0) return cannot_restore(target, errno_text(errno));
  sync_directory(target.parent_path());
  return restored;
}

}  // namespace certspan
