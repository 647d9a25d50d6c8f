#pragma once

#include <cstdint>
#include <filesystem>

struct sqlite3;
struct sqlite3_stmt;

namespace certspan::bench {

/// Rows of one enrolment written by SQLite alone: write-ahead log, synchronous=FULL, statements prepared
/// once, one thread, many enrolments in one transaction, nothing sealed, hashed or answered. Two rows for
/// each: a small one with a random index, and a certificate under a random key. What the journal is held
/// against.
class BareSqlite {
 public:
  /// Makes a database in `directory`. Throws std::runtime_error.
  explicit BareSqlite(const std::filesystem::path& directory);
  ~BareSqlite();
  BareSqlite(const BareSqlite&) = delete;
  BareSqlite& operator=(const BareSqlite&) = delete;

  /// One durable transaction of so many enrolments.
  void commit(std::size_t enrolments, std::size_t item_bytes, std::size_t certificate_bytes);

 private:
  void run(const char* sql) const;
  void step(sqlite3_stmt* statement) const;

  sqlite3* database_ = nullptr;
  sqlite3_stmt* item_ = nullptr;
  sqlite3_stmt* certificate_ = nullptr;
  std::uint64_t next_ = 0;
};

}  // namespace certspan::bench
