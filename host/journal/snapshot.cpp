#include "host/journal/snapshot.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "host/journal/data_directory.hpp"
#include "host/journal/file.hpp"
#include "host/journal/journal_keys.hpp"
#include "host/journal/schema.hpp"
#include "host/journal/totals.hpp"

namespace certspan {
namespace {

/// For what the host writes meanwhile, which has to be accepted whatever a backup needs.
constexpr std::uintmax_t kLeftForWork = std::uintmax_t{64} << 20;
constexpr std::uintmax_t kMegabyte = std::uintmax_t{1} << 20;

std::uintmax_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

/// A snapshot is no larger than the journal and its log.
Result<void> expect_room(const std::string& path, const std::filesystem::path& directory) {
  std::error_code error;
  const auto space = std::filesystem::space(directory, error);
  const std::uintmax_t needed = size_of(path) + size_of(path + "-wal") + kLeftForWork;
  if (error || space.available >= needed) return {};
  return fail(Outcome::Unavailable, "journal.full",
              "a snapshot of journal \"" + path + "\" is only begun with " +
                  std::to_string(needed / kMegabyte) + " MB free in \"" + directory.string() +
                  "\", so that the host does not run out of room; " +
                  std::to_string(space.available / kMegabyte) + " MB are");
}

sql::Tried<void> vacuum_into(const std::string& path, sql::OpenMode mode, const std::string& to) {
  CERTSPAN_TRY(sql::Database own, sql::Database::open(path, mode));
  CERTSPAN_TRY(sql::Statement vacuum, own.prepare("VACUUM INTO ?1"));
  return vacuum.bind(1, std::string_view(to)).run();
}

}  // namespace

void remove_snapshot(const std::filesystem::path& snapshot) {
  std::error_code ignored;
  std::filesystem::remove(snapshot, ignored);
  std::filesystem::remove(snapshot.string() + "-journal", ignored);
}

Result<void> write_snapshot(const std::string& path, sql::OpenMode mode, const std::filesystem::path& to) {
  remove_snapshot(to);
  CERTSPAN_CHECK(expect_room(path, to.parent_path()));
  // SQLite takes an empty file; made by us it is nobody else's to read.
  if (!File::open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR).is_open()) {
    return unwritable_data(to, errno);
  }
  const auto written = vacuum_into(path, mode, to.string());
  if (written) return {};
  remove_snapshot(to);
  return tl::unexpected(sql::to_error(written.error(), path));
}

Result<SnapshotFacts> look_at_snapshot(const std::filesystem::path& snapshot,
                                       const std::filesystem::path& directory, const ConfiguredKeys& keys) {
  const std::string path = snapshot.string();
  const auto described = [&](const sql::Failure& failure) {
    return tl::unexpected(sql::to_error(failure, path));
  };
  auto database = sql::Database::open(path, sql::OpenMode::Frozen);
  if (!database) return described(database.error());
  CERTSPAN_CHECK(expect_schema(*database, path));
  const auto totals = read_totals(*database);
  if (!totals) return described(totals.error());
  CERTSPAN_TRY(const SealingKey key, find_key(directory, keys, *totals));
  return SnapshotFacts{kSchemaVersion, totals->audit, key};
}

}  // namespace certspan
