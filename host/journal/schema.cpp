#include "host/journal/schema.hpp"

#include <array>
#include <utility>

// A test builds this file with OFF, to see that its power cuts find what a missing sync loses.
#if !defined(CERTSPAN_JOURNAL_SYNCHRONOUS)
#define CERTSPAN_JOURNAL_SYNCHRONOUS "FULL"
#endif

namespace certspan {
namespace {

/// "CsJn": tells a journal from any other SQLite file.
constexpr std::int64_t kApplicationId = 0x43734a6e;

// One item is one row. Only 64-bit hashes are indexed: text and blob indexes were measured to cost five times
// as much. Columns that are searched stand before the blobs, so that reading them follows no overflow pages.
// The store is a rowid table on purpose: its values are near 1 KB and its keys often random, and a table
// clustered by them would touch a page of its own for each row.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE hot (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  state INTEGER NOT NULL,
  key_hash INTEGER NOT NULL,
  transaction_hash INTEGER,
  serial_hash INTEGER,
  key BLOB NOT NULL,
  note BLOB NOT NULL,
  body BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX hot_by_key ON hot (key_hash);
CREATE INDEX hot_by_transaction ON hot (transaction_hash) WHERE transaction_hash IS NOT NULL;
CREATE INDEX hot_by_serial ON hot (serial_hash) WHERE serial_hash IS NOT NULL;

CREATE TABLE done (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  state INTEGER NOT NULL,
  key_hash INTEGER NOT NULL,
  transaction_hash INTEGER,
  serial_hash INTEGER,
  key BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX done_by_key ON done (key_hash);
CREATE INDEX done_by_transaction ON done (transaction_hash) WHERE transaction_hash IS NOT NULL;
CREATE INDEX done_by_serial ON done (serial_hash) WHERE serial_hash IS NOT NULL;
CREATE INDEX done_without_certificate ON done (state, id) WHERE state <> 4;

CREATE TABLE store (
  row INTEGER PRIMARY KEY,
  connector TEXT NOT NULL,
  key BLOB NOT NULL,
  revision INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (connector, key)
) STRICT;

CREATE TABLE totals (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  newest INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  key_check BLOB NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0, 0, x'');
)sql";

// A dead letter keeps its sealed request, so that a person can have it tried again.
constexpr const char* kVersion2 = "ALTER TABLE done ADD COLUMN sealed BLOB;";

// The audit chain. Rows that finished before it have no number.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE done ADD COLUMN audit_number INTEGER;
ALTER TABLE done ADD COLUMN audit_before BLOB;
ALTER TABLE totals ADD COLUMN audit_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN audit_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE totals ADD COLUMN audit_removed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE audit_gaps (
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  before BLOB NOT NULL,
  after BLOB NOT NULL
) STRICT;
)sql";

// What people had erased, each a link of the audit chain.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE audit_erasures (
  number INTEGER PRIMARY KEY,
  before BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
)sql";

// The backups that the journal was put back from.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE restores (
  row INTEGER PRIMARY KEY,
  backup_at INTEGER NOT NULL,
  restored_at INTEGER NOT NULL,
  started_at INTEGER,
  audit_number INTEGER NOT NULL,
  audit_hash BLOB NOT NULL,
  nothing_lost INTEGER NOT NULL
) STRICT;
)sql";

/// Step n brings version n to n + 1. Steps are only ever added.
constexpr std::array<const char*, kSchemaVersion> kSteps = {kVersion1, kVersion2, kVersion3, kVersion4,
                                                            kVersion5};

Error described(const sql::Failure& failure, const std::string& path) {
  return sql::to_error(failure, path);
}

tl::unexpected<Error> damaged(const std::string& path, std::string what) {
  return tl::unexpected(described({sql::Trouble::Corrupt, 0, std::move(what)}, path));
}

tl::unexpected<Error> newer(const std::string& path, std::int64_t version) {
  return fail(Outcome::Unsupported, "journal.newer_schema",
              "journal \"" + path + "\": has schema " + std::to_string(version) + ", this certspan knows " +
                  std::to_string(kSchemaVersion) + ": start the version that wrote it, or a later one");
}

Result<std::int64_t> version_of(sql::Database& database, const std::string& path) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return tl::unexpected(described(version.error(), path));
  const auto application = database.number("PRAGMA application_id");
  if (!application) return tl::unexpected(described(application.error(), path));
  const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(described(tables.error(), path));
  const bool fresh = *version == 0 && *application == 0 && *tables == 0;
  if (!fresh && *application != kApplicationId) return damaged(path, "is a database of another program");
  return *version;
}

sql::Tried<void> apply_step(sql::Database& database, std::size_t step) {
  const std::string script = std::string("BEGIN IMMEDIATE;") + kSteps.at(step) +
                             "PRAGMA application_id = " + std::to_string(kApplicationId) +
                             ";PRAGMA user_version = " + std::to_string(step + 1) + ";COMMIT;";
  auto done = database.run(script);
  if (!done && database.in_transaction()) static_cast<void>(database.run("ROLLBACK"));
  return done;
}

sql::Tried<std::int64_t> size_of(sql::Database& database) {
  auto pages = database.number("PRAGMA page_count");
  auto page_size = database.number("PRAGMA page_size");
  if (!pages) return pages;
  if (!page_size) return page_size;
  return *pages * *page_size;
}

}  // namespace

Result<void> set_up_writing(sql::Database& database, const std::string& path) {
  CERTSPAN_TRY(const std::int64_t version, version_of(database, path));
  if (version > kSchemaVersion) return newer(path, version);
  // Of use to a new file only, before anything stands in it.
  if (auto set = database.run("PRAGMA auto_vacuum=INCREMENTAL"); !set) {
    return tl::unexpected(described(set.error(), path));
  }
  const auto mode = database.value("PRAGMA journal_mode=WAL");
  if (!mode) return tl::unexpected(described(mode.error(), path));
  if (*mode != "wal") {
    return fail(
        Outcome::Unavailable, "journal.unwritable",
        "journal \"" + path + "\": its file system has no shared memory: put data_dir on a local disk");
  }
  // The cache holds the upper levels of the indexes. secure_delete=FAST wipes what is deleted where that
  // costs no further write; what is secret is sealed anyway.
  const auto set = database.run("PRAGMA synchronous=" CERTSPAN_JOURNAL_SYNCHRONOUS
                                ";PRAGMA cache_size=-8000;"
                                "PRAGMA journal_size_limit=67108864;"
                                "PRAGMA secure_delete=FAST;"
                                "PRAGMA temp_store=MEMORY;");
  if (!set) return tl::unexpected(described(set.error(), path));
  return {};
}

Result<void> bring_up_schema(sql::Database& database, const std::string& path) {
  CERTSPAN_TRY(const std::int64_t version, version_of(database, path));
  if (version > kSchemaVersion) return newer(path, version);
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    if (auto done = apply_step(database, step); !done) return tl::unexpected(described(done.error(), path));
  }
  return {};
}

sql::Tried<void> rewrite(sql::Database& database) {
  auto size = size_of(database);
  if (!size) return tl::unexpected(std::move(size).error());
  // The copy of a large file would not fit into memory.
  const std::string place = *size > kSmallFile ? "PRAGMA temp_store=FILE;" : "";
  auto done = database.run(place + "PRAGMA auto_vacuum=INCREMENTAL;VACUUM;");
  if (done && !place.empty()) done = database.run("PRAGMA temp_store=MEMORY");
  return done;
}

Result<void> make_small_file_shrinkable(sql::Database& database, const std::string& path) {
  const auto mode = database.number("PRAGMA auto_vacuum");
  if (!mode) return tl::unexpected(described(mode.error(), path));
  const auto size = size_of(database);
  if (!size) return tl::unexpected(described(size.error(), path));
  if (*mode == kIncrementalVacuum || *size > kSmallFile) return {};
  const auto done = rewrite(database);
  // Nothing was changed, and there is no hurry.
  if (!done && done.error().trouble == sql::Trouble::Full) return {};
  if (!done) return tl::unexpected(described(done.error(), path));
  return {};
}

Result<void> expect_schema(sql::Database& database, const std::string& path) {
  CERTSPAN_TRY(const std::int64_t version, version_of(database, path));
  if (version > kSchemaVersion) return newer(path, version);
  if (version < kSchemaVersion) {
    return fail(Outcome::Unavailable, "journal.older_schema",
                "journal \"" + path + "\": was written by an older certspan: start the host once");
  }
  return {};
}

Result<void> check_integrity(sql::Database& database, const std::string& path) {
  const auto size = size_of(database);
  if (!size) return tl::unexpected(described(size.error(), path));
  const auto verdict =
      database.value(*size <= kSmallFile ? "PRAGMA quick_check(1)" : "PRAGMA quick_check('hot')");
  if (!verdict) return tl::unexpected(described(verdict.error(), path));
  if (*verdict != "ok") return damaged(path, *verdict);
  return {};
}

}  // namespace certspan
