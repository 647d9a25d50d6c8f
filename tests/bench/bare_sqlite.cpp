#include "tests/bench/bare_sqlite.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace certspan::bench {
namespace {

// Spreads numbers as digests are spread (the finaliser of splitmix64).
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31U);
}

}  // namespace

BareSqlite::BareSqlite(const std::filesystem::path& directory) {
  const std::string path = directory / "bare.db";
  if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("can't open " + path);
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=FULL");
  run("CREATE TABLE item(id INTEGER PRIMARY KEY, hash INTEGER, body BLOB)");
  run("CREATE INDEX item_hash ON item(hash)");
  run("CREATE TABLE certificate(hash INTEGER PRIMARY KEY, body BLOB)");
  sqlite3_prepare_v2(database_, "INSERT INTO item VALUES(?,?,zeroblob(?))", -1, &item_, nullptr);
  sqlite3_prepare_v2(database_, "INSERT INTO certificate VALUES(?,zeroblob(?))", -1, &certificate_, nullptr);
}

BareSqlite::~BareSqlite() {
  sqlite3_finalize(item_);
  sqlite3_finalize(certificate_);
  sqlite3_close(database_);
}

void BareSqlite::run(const char* sql) const {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(database_));
  }
}

void BareSqlite::step(sqlite3_stmt* statement) const {
  if (sqlite3_step(statement) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database_));
  sqlite3_reset(statement);
}

void BareSqlite::commit(std::size_t enrolments, std::size_t item_bytes, std::size_t certificate_bytes) {
  run("BEGIN IMMEDIATE");
  for (std::size_t i = 0; i < enrolments; ++i) {
    const auto hash = static_cast<sqlite3_int64>(mixed(++next_));
    sqlite3_bind_int64(item_, 1, static_cast<sqlite3_int64>(next_));
    sqlite3_bind_int64(item_, 2, hash);
    sqlite3_bind_int64(item_, 3, static_cast<sqlite3_int64>(item_bytes));
    step(item_);
    sqlite3_bind_int64(certificate_, 1, hash);
    sqlite3_bind_int64(certificate_, 2, static_cast<sqlite3_int64>(certificate_bytes));
    step(certificate_);
  }
  run("COMMIT");
}

}  // namespace certspan::bench
