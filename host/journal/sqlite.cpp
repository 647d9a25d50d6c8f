#include "host/journal/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace certspan::sql {
namespace {

constexpr int kBusyMs = 5000;

Trouble trouble_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Trouble::Full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Trouble::Busy;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return Trouble::ReadOnly;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Trouble::Corrupt;
    case SQLITE_NOMEM:
      return Trouble::Memory;
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_NOMEM ? Trouble::Memory : Trouble::Io;
    default:
      return Trouble::Other;
  }
}

/// "?" and "#" would end the path in a URI, "%" begins an escape.
std::string uri_of(const std::string& path, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?') {
      uri += "%3f";
    } else if (c == '#') {
      uri += "%23";
    } else if (c == '%') {
      uri += "%25";
    } else {
      uri += c;
    }
  }
  return uri.append(parameters);
}

int open_handle(const std::string& path, OpenMode mode, sqlite3** handle) {
  constexpr int kCommon = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case OpenMode::ReadWrite:
      return sqlite3_open_v2(path.c_str(), handle, kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                             nullptr);
    case OpenMode::ReadOnly:
      return sqlite3_open_v2(path.c_str(), handle, kCommon | SQLITE_OPEN_READONLY, nullptr);
    case OpenMode::Frozen:
      return sqlite3_open_v2(uri_of(path, "?immutable=1").c_str(), handle,
                             kCommon | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    case OpenMode::FrozenLog:
      // No locks, so that none has to be taken on a file that can't be written; the directory's own lock
      // keeps writers out.
      return sqlite3_open_v2(path.c_str(), handle, kCommon | SQLITE_OPEN_READONLY, "unix-none");
  }
  return SQLITE_MISUSE;
}

/// Takes the place of SQLite's own hook, which would run a checkpoint inside a commit.
int keep_log_size(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

Error to_error(const Failure& failure, const std::string& path) {
  const auto error = [&](Outcome outcome, const char* code, const std::string& advice) {
    return Error(outcome, code, "journal \"" + path + "\": " + failure.message + ": " + advice);
  };
  switch (failure.trouble) {
    case Trouble::Full:
      return error(Outcome::Unavailable, "journal.full", "make room on its disk");
    case Trouble::Busy:
      return error(Outcome::Unavailable, "journal.locked", "another program has it open, end that first");
    case Trouble::ReadOnly:
      return error(Outcome::Unavailable, "journal.unwritable",
                   "let the host's user write the file and its directory");
    case Trouble::Corrupt:
      return error(
          Outcome::Internal, "journal.corrupt",
          "keep a copy of the whole directory, then put a backup back; nothing is repaired by guessing");
    case Trouble::Memory:
      return error(Outcome::Unavailable, "journal.memory", "the machine is out of memory");
    case Trouble::Io:
      return error(Outcome::Internal, "journal.io", "check its disk and the kernel's log");
    case Trouble::Other:
      break;
  }
  return error(Outcome::Internal, "journal.internal", "a fault in certspan, please report it");
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

// A bind fails only for an index that is not there or without memory; `step` then meets the missing value.
Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
  if (value) return bind(index, *value);
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Statement& Statement::bind(int index, BytesView value) {
  // A null pointer would bind NULL, not an empty blob.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  sqlite3_bind_blob64(statement_.get(), index, data, value.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Tried<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  Failure failed;
  if (code != SQLITE_DONE) {
    sqlite3* database = sqlite3_db_handle(statement_.get());
    const int extended = sqlite3_extended_errcode(database);
    failed = {trouble_of(extended), extended, sqlite3_errmsg(database)};
  }
  reset();
  if (code != SQLITE_DONE) return tl::unexpected(std::move(failed));
  return false;
}

Tried<void> Statement::run() {
  auto stepped = step();
  if (!stepped) return tl::unexpected(std::move(stepped).error());
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

BytesView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? BytesView{} : BytesView{data, static_cast<std::size_t>(size)};
}

std::string_view Statement::text(int column) const {
  return as_text(blob(column));
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Tried<Database> Database::open(const std::string& path, OpenMode mode) {
  sqlite3* handle = nullptr;
  const int code = open_handle(path, mode, &handle);
  Database database(handle);
  if (code != SQLITE_OK) {
    if (handle != nullptr) return tl::unexpected(database.failure());
    return tl::unexpected(Failure{trouble_of(code), code, sqlite3_errstr(code)});
  }
  sqlite3_busy_timeout(handle, kBusyMs);
  sqlite3_wal_hook(handle, keep_log_size, database.log_frames_.get());
  if (mode == OpenMode::FrozenLog) {
    // The log's index stays in memory, and closing leaves the log as it is.
    database.leave_log();
    if (auto set = database.run("PRAGMA locking_mode=EXCLUSIVE"); !set) {
      return tl::unexpected(std::move(set).error());
    }
  }
  return database;
}

Tried<void> Database::run(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return tl::unexpected(failure());
}

Tried<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return tl::unexpected(failure());
  }
  return Statement(statement);
}

Tried<std::string> Database::value(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement).error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? std::string(statement->text(0)) : std::string();
}

Tried<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement).error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

void Database::leave_log() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Tried<Database::Checkpoint> Database::checkpoint() {
  int log_frames = 0;
  int done_frames = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &log_frames,
                                             &done_frames);
  if (code != SQLITE_OK) return tl::unexpected(failure());
  return Checkpoint{log_frames, done_frames};
}

Tried<void> Database::empty_log() {
  sqlite3_busy_timeout(database_.get(), 0);
  const int code =
      sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  Failure failed = failure();
  sqlite3_busy_timeout(database_.get(), kBusyMs);
  if (code != SQLITE_OK) return tl::unexpected(std::move(failed));
  return {};
}

Failure Database::failure() const {
  const int code = sqlite3_extended_errcode(database_.get());
  return {trouble_of(code), code, sqlite3_errmsg(database_.get())};
}

}  // namespace certspan::sql
