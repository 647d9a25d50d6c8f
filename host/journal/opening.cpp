#include "host/journal/opening.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "host/journal/data_directory.hpp"
#include "host/journal/file.hpp"
#include "host/journal/journal_keys.hpp"
#include "host/journal/key_file.hpp"
#include "host/journal/schema.hpp"
#include "host/journal/snapshot.hpp"

namespace certspan {
namespace {

constexpr const char* kDatabaseName = "journal.db";

/// Made by us, so that it is nobody else's to read; SQLite gives its log the same mode.
Result<void> make_database_file(const std::filesystem::path& path) {
  const File file = File::open(path, O_RDWR | O_CREAT | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (!file.is_open() || !sync_directory(path.parent_path())) return unwritable_data(path, errno);
  return {};
}

/// The key is made when the database has had its first commit, so one without a database is what is left of a
/// journal that was lost. To begin anew in silence would forget what was issued, and which challenges are
/// spent.
Result<void> refuse_lost_journal(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::exists(key_path(directory), error)) return {};
  const auto size = std::filesystem::file_size(directory / kDatabaseName, error);
  if (!error && size > 0) return {};
  return fail(
      Outcome::Unavailable, "journal.lost",
      "the journal in \"" + directory.string() + "\" is " + (error ? "gone" : "empty") +
          ", but its key is there: put journal.db back from a backup; if everything that it knew may be "
          "forgotten, move journal.key away");
}

Result<sql::Database> open_database(const std::string& path, sql::OpenMode mode) {
  auto database = sql::Database::open(path, mode);
  if (!database) return tl::unexpected(sql::to_error(database.error(), path));
  return std::move(*database);
}

Result<Totals> totals_of(sql::Database& database, const std::string& path) {
  auto totals = read_totals(database);
  if (!totals) return tl::unexpected(sql::to_error(totals.error(), path));
  return std::move(*totals);
}

/// Until the file's integrity is known, a complaint of SQLite about statements that are constants of ours is
/// one about the file: damage in its header comes as a plain error.
Result<void> set_up_readable(sql::Database& database, const std::string& path) {
  Result<void> readable = set_up_writing(database, path);
  if (readable) readable = check_integrity(database, path);
  if (readable || readable.error().code != "journal.internal") return readable;
  return tl::unexpected(sql::to_error({sql::Trouble::Corrupt, 0, "its header is damaged"}, path));
}

Result<Sealer> sealer_for_writing(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                                  sql::Database& database, const Totals& totals, const std::string& path) {
  CERTSPAN_TRY(auto sealer, find_sealer(directory, keys, totals));
  if (!sealer) {
    CERTSPAN_TRY(const SealingKey key, make_key_file(key_path(directory)));
    CERTSPAN_TRY(sealer, Sealer::create(key));
  }
  const Bytes check = sealer->key_check();
  if (check != totals.key_check) {
    const auto set = database.run("UPDATE totals SET key_check = x'" + to_hex(check) + "'");
    if (!set) return tl::unexpected(sql::to_error(set.error(), path));
  }
  return std::move(*sealer);
}

}  // namespace

Result<void> expect_journal(const std::filesystem::path& directory) {
  CERTSPAN_CHECK(refuse_lost_journal(directory));
  std::error_code error;
  if (std::filesystem::exists(directory / kDatabaseName, error)) return {};
  return fail(Outcome::Unavailable, "journal.missing",
              "there is no journal in \"" + directory.string() + "\"");
}

Result<OpenedDirectory> open_for_writing(const std::filesystem::path& directory, const ConfiguredKeys& keys) {
  CERTSPAN_CHECK(prepare_data_directory(directory));
  CERTSPAN_TRY(DirectoryLock lock, DirectoryLock::hold(directory));
  remove_snapshot(directory / kSnapshotName);
  const std::string path = (directory / kDatabaseName).string();
  CERTSPAN_CHECK(refuse_lost_journal(directory));
  CERTSPAN_CHECK(make_database_file(path));
  CERTSPAN_TRY(sql::Database writing, open_database(path, sql::OpenMode::ReadWrite));
  CERTSPAN_CHECK(set_up_readable(writing, path));
  CERTSPAN_CHECK(bring_up_schema(writing, path));
  CERTSPAN_CHECK(make_small_file_shrinkable(writing, path));
  CERTSPAN_TRY(Totals totals, totals_of(writing, path));
  CERTSPAN_TRY(Sealer sealer, sealer_for_writing(directory, keys, writing, totals, path));
  CERTSPAN_TRY(sql::Database checkpoints, open_database(path, sql::OpenMode::ReadWrite));
  CERTSPAN_CHECK(set_up_writing(checkpoints, path));
  return OpenedDirectory{std::move(lock),         path,
                         std::move(sealer),       std::move(totals),
                         sql::OpenMode::ReadOnly, std::move(writing),
                         std::move(checkpoints)};
}

Result<OpenedDirectory> open_for_reading(const std::filesystem::path& directory, const ConfiguredKeys* keys) {
  CERTSPAN_TRY(DirectoryLock lock, DirectoryLock::share(directory));
  CERTSPAN_CHECK(expect_journal(directory));
  const std::string path = (directory / kDatabaseName).string();
  std::error_code error;
  const auto log_size = std::filesystem::file_size(path + "-wal", error);
  const auto mode = error || log_size == 0 ? sql::OpenMode::Frozen : sql::OpenMode::FrozenLog;
  CERTSPAN_TRY(sql::Database database, open_database(path, mode));
  CERTSPAN_CHECK(expect_schema(database, path));
  CERTSPAN_TRY(Totals totals, totals_of(database, path));
  std::optional<Sealer> sealer;
  if (keys != nullptr) {
    CERTSPAN_TRY(sealer, find_sealer(directory, *keys, totals));
  }
  if (!sealer) sealer = Sealer::without_key();
  return OpenedDirectory{std::move(lock), path,        std::move(*sealer), std::move(totals), mode,
                         std::nullopt,    std::nullopt};
}

}  // namespace certspan
