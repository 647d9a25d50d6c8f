#include "tests/bench/finished_items.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/clock.hpp"
#include "host/journal/id_source.hpp"
#include "host/journal/index_keys.hpp"
#include "host/journal/item_codec.hpp"
#include "tests/host/journal/journal_items.hpp"

namespace certspan::bench {
namespace {

constexpr WallMs kDay = 24LL * 3600 * 1000;

/// A connection and the one statement that it repeats.
class BulkWriter {
 public:
  explicit BulkWriter(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("can't open " + path);
  }
  BulkWriter(const BulkWriter&) = delete;
  BulkWriter& operator=(const BulkWriter&) = delete;
  ~BulkWriter() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  void run(const std::string& sql) const {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_));
    }
  }
  /// The first column of each row.
  std::vector<std::string> texts(const std::string& sql) const {
    std::vector<std::string> found;
    const auto add = [](void* to, int, char** columns, char**) {
      static_cast<std::vector<std::string>*>(to)->emplace_back(columns[0]);
      return 0;
    };
    if (sqlite3_exec(database_, sql.c_str(), add, &found, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_));
    }
    return found;
  }
  void insert(const WorkItem& item) {
    if (insert_ == nullptr) {
      sqlite3_prepare_v2(database_,
                         "INSERT INTO done VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL, NULL)", -1,
                         &insert_, nullptr);
    }
    const Bytes body = encode_item(item);
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(item.id));
    sqlite3_bind_int(insert_, 2, static_cast<int>(item.state));
    sqlite3_bind_int64(insert_, 3, index_hash(item.key));
    sqlite3_bind_int64(insert_, 4, transaction_hash(item.transaction_id).value_or(0));
    sqlite3_bind_int64(insert_, 5, serial_hash(item.label(kSerialLabel)).value_or(0));
    sqlite3_bind_blob64(insert_, 6, item.key.data(), item.key.size(), SQLITE_STATIC);
    sqlite3_bind_blob64(insert_, 7, body.data(), body.size(), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database_));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

void put_finished(const std::filesystem::path& directory, std::uint64_t count) {
  BulkWriter writer(directory / "journal.db");
  writer.run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000");
  const std::string of_indexes =
      "FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'done' AND sql IS NOT NULL";
  const auto definitions = writer.texts("SELECT sql " + of_indexes);
  // An index that is made at the end is sorted once.
  for (const std::string& name : writer.texts("SELECT name " + of_indexes)) writer.run("DROP INDEX " + name);
  writer.run("BEGIN");
  const std::uint64_t first = first_id_at(SystemClock().wall_ms() - 30 * kDay);
  WorkItem item = testing::issued(testing::fresh_item(WorkId{}, 0));
  item.certificate.clear();
  item.accepted_at = item.changed_at = SystemClock().wall_ms() - 30 * kDay;
  for (std::uint64_t number = 1; number <= count; ++number) {
    item.id = WorkId{first + number};
    item.key = testing::key_of(number);
    item.poll_key = testing::key_of(number + 1'000'000'000);
    item.transaction_id = "txn-" + std::to_string(number);
    item.set_label("serial", to_hex(item.key).substr(0, 32));
    writer.insert(item);
  }
  writer.run("UPDATE totals SET finished = finished + " + std::to_string(count) +
             ", last_id = max(last_id, " + std::to_string(first + count) + "); COMMIT");
  for (const std::string& definition : definitions) writer.run(definition);
}

}  // namespace certspan::bench
