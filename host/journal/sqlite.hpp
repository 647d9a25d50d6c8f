#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace certspan::sql {

/// What SQLite said, as far as a decision follows from it.
enum class Trouble : std::uint8_t {
  Full,      ///< no room; SQLite reports it from a write, never from a sync, and rolls back cleanly
  Busy,      ///< another process is in the way
  ReadOnly,  ///< the file or directory can't be written
  Corrupt,   ///< not a database, or a damaged one
  Memory,
  Io,     ///< a read, write or sync failed
  Other,  ///< a mistake of ours
};

struct Failure {
  Trouble trouble = Trouble::Other;
  int code = 0;  ///< SQLite's extended code
  std::string message;
};

template <typename T>
using Tried = tl::expected<T, Failure>;

/// The error that a caller of the journal gets, with what to do about it. `path`: the database file.
Error to_error(const Failure& failure, const std::string& path);

/// A prepared statement, for use by one thread at a time. Bound views must live until the next reset.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::optional<std::int64_t> value);
  Statement& bind(int index, BytesView value);
  Statement& bind(int index, std::string_view value);

  /// True: there is a row. After the last row, an error, or a statement without rows the statement is ready
  /// for new values.
  Tried<bool> step();
  /// For statements that return no row.
  Tried<void> run();
  void reset();

  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  /// Valid until the next step or reset.
  BytesView blob(int column) const;
  std::string_view text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement when the scope ends, so that no read transaction stays open.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;
  ~ResetAtEnd() { statement_.reset(); }

 private:
  Statement& statement_;
};

enum class OpenMode : std::uint8_t {
  ReadWrite,  ///< makes the file if it is missing
  ReadOnly,   ///< beside a writer in this process
  Frozen,     ///< nothing else has it open, and it has no write-ahead log: changes nothing on disk
  FrozenLog,  ///< the same, with a log that a crashed writer left
};

/// One connection, for use by one thread at a time.
class Database {
 public:
  static Tried<Database> open(const std::string& path, OpenMode mode);

  /// Runs statements that return no rows of interest.
  Tried<void> run(const std::string& sql);
  /// For the life of the connection.
  Tried<Statement> prepare(std::string_view sql);
  /// The first column of the first row, as text.
  Tried<std::string> value(std::string_view sql);
  Tried<std::int64_t> number(std::string_view sql);

  /// A transaction is open.
  bool in_transaction() const;

  struct Checkpoint {
    std::int64_t log_frames = 0;   ///< in the write-ahead log
    std::int64_t done_frames = 0;  ///< of those, now in the database file
  };
  /// Frames in the write-ahead log after this connection's last commit.
  int log_frames() const { return *log_frames_; }
  /// Closing leaves the log as it is, for the next opening to decide what of it counts.
  void leave_log();
  /// Moves what it can from the log to the database file without waiting for anybody.
  Tried<Checkpoint> checkpoint();
  /// Moves everything and gives the log's room back. Nobody is waited for: Trouble::Busy.
  Tried<void> empty_log();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : log_frames_(std::make_unique<int>(0)), database_(database) {}

  Failure failure() const;

  std::unique_ptr<int> log_frames_;  ///< written by the connection's hook
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace certspan::sql
