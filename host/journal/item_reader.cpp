#include "host/journal/item_reader.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "host/journal/audit_erasures.hpp"
#include "host/journal/change.hpp"
#include "host/journal/id_source.hpp"
#include "host/journal/index_keys.hpp"
#include "host/journal/item_codec.hpp"
#include "host/journal/item_names.hpp"
#include "host/journal/item_pages.hpp"

namespace certspan {
namespace {

struct Column {
  enum : std::uint8_t { Id, Epoch, State, Key, Body, Note, Sealed, AuditNumber, AuditBefore };
};

/// A scan reads at most this many rows, so that it ends within a second or so on a journal of any size.
constexpr std::int64_t kMostScanned = 100'000;
/// Items that share one hash: more are made by nobody who is honest.
constexpr std::int64_t kMostAlike = 1000;

/// Puts `later` into `items`, newest first. Of an item that stands in both because it changed while they were
/// read, the later reading counts.
void merge_newest(std::vector<WorkItem>& items, std::vector<WorkItem> later, std::size_t limit) {
  items.insert(items.begin(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
  std::stable_sort(items.begin(), items.end(),
                   [](const WorkItem& a, const WorkItem& b) { return a.id > b.id; });
  const auto same = [](const WorkItem& a, const WorkItem& b) { return a.id == b.id; };
  items.erase(std::unique(items.begin(), items.end(), same), items.end());
  if (items.size() > limit) items.resize(limit);
}

bool starts_with(BytesView bytes, BytesView prefix) {
  return bytes.size() >= prefix.size() && equal(bytes.first(prefix.size()), prefix);
}

/// What stands in the row decides; a field that can't be read leaves the rest told.
std::optional<AuditRecord> audit_record(const sql::Statement& row) {
  AuditRecord record;
  record.id = WorkId{static_cast<std::uint64_t>(row.integer(Column::Id))};
  record.number = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(Column::AuditNumber), 0));
  if (!read_hash(row, Column::AuditBefore, record.before)) record.before = {};
  const auto state = static_cast<std::uint8_t>(row.integer(Column::State));
  const auto digest = audit_digest({record.id, static_cast<std::uint32_t>(row.integer(Column::Epoch)), state,
                                    row.blob(Column::Key), row.blob(Column::Body)});
  if (!digest) return std::nullopt;
  record.digest = *digest;
  const auto item = read_row(row);
  record.readable = item.has_value();
  if (!item) return record;
  record.state = item->state;
  record.outcome = item->outcome;
  record.code = item->code;
  record.accepted_at = item->accepted_at;
  record.finished_at = item->changed_at;
  record.pipeline = item->pipeline;
  record.issuer = item->issuer;
  record.serial = normal_serial(item->label(kSerialLabel));
  record.request_digest = item->request_digest;
  return record;
}

}  // namespace

Result<WorkItem> read_row(const sql::Statement& row) {
  WorkItem item;
  item.id = WorkId{static_cast<std::uint64_t>(row.integer(Column::Id))};
  const std::int64_t epoch = row.integer(Column::Epoch);
  const std::int64_t state = row.integer(Column::State);
  const BytesView key = row.blob(Column::Key);
  if (epoch < 0 || epoch > std::numeric_limits<std::uint32_t>::max() || state < 0 ||
      state > std::int64_t{static_cast<std::uint8_t>(ItemState::Dead)} || key.size() != item.key.size()) {
    return fail(Outcome::Internal, "journal.corrupt",
                "the record of work item " + to_string(item.id) + " is damaged");
  }
  item.epoch = static_cast<std::uint32_t>(epoch);
  item.state = static_cast<ItemState>(state);
  std::copy(key.begin(), key.end(), item.key.begin());
  item.note = copy_of(row.blob(Column::Note));
  if (auto decoded = decode_item(row.blob(Column::Body), item); !decoded) {
    Error error = std::move(decoded).error();
    error.message = "work item " + to_string(item.id) + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  return item;
}

Result<void> open_secrets(const sql::Statement& row, const Sealer& sealer, WorkItem& item) {
  if (!sealer.has_key()) return {};
  const BytesView sealed = row.blob(Column::Sealed);
  if (!is_open(item.state) && sealed.empty()) return {};
  CERTSPAN_TRY(const Bytes secrets, sealer.open(sealed_place(item.id, item.state), sealed));
  return decode_secrets(secrets, item);
}

Result<ItemReader> ItemReader::create(sql::Database database, std::string path, const Sealer& sealer) {
  ItemReader reader(std::move(database), std::move(path), sealer);
  if (auto prepared = reader.prepare(); !prepared) {
    return tl::unexpected(reader.described(prepared.error()));
  }
  return reader;
}

sql::Tried<void> ItemReader::prepare() {
  const std::string hot(kHotColumns);
  const std::string done(kDoneColumns);
  const std::string newest = " ORDER BY id DESC LIMIT " + std::to_string(kMostAlike);
  const std::string scan = " ORDER BY id DESC LIMIT " + std::to_string(kMostScanned);
  const std::pair<sql::Statement*, std::string> statements[] = {
      {&hot_by_id_, hot + "WHERE id = ?1"},
      {&done_by_id_, done + "WHERE id = ?1"},
      {&hot_by_key_, hot + "WHERE key_hash = ?1" + newest},
      {&done_by_key_, done + "WHERE key_hash = ?1" + newest},
      {&hot_by_transaction_, hot + "WHERE transaction_hash = ?1" + newest},
      {&done_by_transaction_, done + "WHERE transaction_hash = ?1" + newest},
      {&hot_by_serial_, hot + "WHERE serial_hash = ?1" + newest},
      {&done_by_serial_, done + "WHERE serial_hash = ?1" + newest},
      {&hot_all_, hot + scan},
      {&done_all_, done + scan},
      {&done_before_, done + "WHERE id > ?1 AND id < ?2 ORDER BY id"},
      {&refused_beyond_,
       "SELECT id FROM done WHERE state <> 4 AND state = 5 ORDER BY id DESC LIMIT 1 OFFSET ?1"},
      {&refused_before_, done + "WHERE state <> 4 AND state = 5 AND id > ?1 AND id <= ?2 ORDER BY id"},
      {&audit_,
       "SELECT id, epoch, state, key, body, x'', sealed, audit_number, audit_before FROM done"
       " WHERE id > ?1 ORDER BY id"},
      {&gaps_, "SELECT first, last, before, after FROM audit_gaps WHERE first > ?1 ORDER BY first"},
      {&erasures_, std::string(kErasureColumns) + "WHERE number > ?1 ORDER BY number"},
      {&get_, "SELECT key, revision, value FROM store WHERE connector = ?1 AND key = ?2"},
      {&scan_,
       "SELECT key, revision, value FROM store WHERE connector = ?1 AND key >= ?2 AND key > ?3 ORDER BY key"},
  };
  for (const auto& [statement, text] : statements) {
    CERTSPAN_TRY(*statement, database_.prepare(text));
  }
  return {};
}

Result<void> ItemReader::collect(sql::Statement& statement, const Wanted& wanted, std::size_t limit,
                                 std::vector<WorkItem>& items) {
  const sql::ResetAtEnd reset(statement);
  while (items.size() < limit) {
    const auto found = statement.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) break;
    CERTSPAN_TRY(WorkItem item, read_row(statement));
    if (!wanted(item)) continue;
    CERTSPAN_CHECK(open_secrets(statement, *sealer_, item));
    items.push_back(std::move(item));
  }
  return {};
}

Result<std::optional<WorkItem>> ItemReader::find_by_key(const ItemKey& key) {
  const auto wanted = [&](const WorkItem& item) { return item.key == key; };
  std::vector<WorkItem> items;
  // The open row first: an item that finishes between the two look-ups is then found in the second.
  for (sql::Statement* statement : {&hot_by_key_, &done_by_key_}) {
    statement->bind(1, index_hash(key));
    CERTSPAN_CHECK(collect(*statement, wanted, 1, items));
    if (!items.empty()) return std::move(items.front());
  }
  return std::nullopt;
}

Result<std::optional<WorkItem>> ItemReader::find_by_poll_key(const ItemKey& poll_key,
                                                             std::string_view transaction_id) {
  const auto hash = transaction_hash(transaction_id);
  if (!hash) return std::nullopt;
  const auto wanted = [&](const WorkItem& item) {
    return item.poll_key == poll_key && item.transaction_id == transaction_id;
  };
  CERTSPAN_TRY(auto items, find_indexed(hot_by_transaction_, done_by_transaction_, *hash, wanted, 1));
  if (items.empty()) return std::nullopt;
  return std::move(items.front());
}

Result<std::optional<WorkItem>> ItemReader::find(WorkId id) {
  const auto any = [](const WorkItem&) { return true; };
  std::vector<WorkItem> items;
  for (sql::Statement* statement : {&hot_by_id_, &done_by_id_}) {
    statement->bind(1, static_cast<std::int64_t>(id));
    CERTSPAN_CHECK(collect(*statement, any, 1, items));
    if (!items.empty()) return std::move(items.front());
  }
  return std::nullopt;
}

/// The newest `limit` of both tables, the open rows first as in find_by_key.
Result<std::vector<WorkItem>> ItemReader::find_indexed(sql::Statement& hot, sql::Statement& done,
                                                       std::int64_t hash, const Wanted& wanted,
                                                       std::size_t limit) {
  std::vector<WorkItem> items;
  hot.bind(1, hash);
  CERTSPAN_CHECK(collect(hot, wanted, limit, items));
  std::vector<WorkItem> finished;
  done.bind(1, hash);
  CERTSPAN_CHECK(collect(done, wanted, limit, finished));
  merge_newest(items, std::move(finished), limit);
  return items;
}

Result<std::vector<WorkItem>> ItemReader::search(std::string_view text, std::size_t limit) {
  std::vector<WorkItem> items;
  if (text.empty() || limit == 0) return items;
  if (const auto hash = transaction_hash(text)) {
    const auto wanted = [&](const WorkItem& item) { return item.transaction_id == text; };
    CERTSPAN_TRY(items, find_indexed(hot_by_transaction_, done_by_transaction_, *hash, wanted, limit));
  }
  if (const auto hash = serial_hash(text)) {
    const std::string serial = normal_serial(text);
    const auto wanted = [&](const WorkItem& item) {
      return normal_serial(item.label(kSerialLabel)) == serial;
    };
    CERTSPAN_TRY(auto more, find_indexed(hot_by_serial_, done_by_serial_, *hash, wanted, limit));
    merge_newest(items, std::move(more), limit);
  }
  if (!items.empty()) return items;
  return scan_names(text, limit);
}

Result<std::vector<WorkItem>> ItemReader::scan_names(std::string_view part, std::size_t limit) {
  const auto wanted = [&](const WorkItem& item) { return speaks_of(item, part); };
  std::vector<WorkItem> items;
  CERTSPAN_CHECK(collect(hot_all_, wanted, limit, items));
  std::vector<WorkItem> finished;
  CERTSPAN_CHECK(collect(done_all_, wanted, limit, finished));
  merge_newest(items, std::move(finished), limit);
  return items;
}

Result<ItemPage> ItemReader::page(const ItemFilter& filter, const ItemRange& range, std::size_t limit) {
  return read_item_page(database_, path_, filter, range, limit);
}

Result<ItemReader::FinishedPage> ItemReader::finished_page(WorkId after, WallMs accepted, PageLimits limits,
                                                           const Wanted& wanted) {
  done_before_.bind(1, static_cast<std::int64_t>(after))
      .bind(2, static_cast<std::int64_t>(first_id_at(accepted)));
  return page_of(done_before_, after, limits, wanted);
}

Result<ItemReader::FinishedPage> ItemReader::refused_page(WorkId after, std::size_t kept, PageLimits limits,
                                                          const Wanted& wanted) {
  std::int64_t last = 0;
  {
    const sql::ResetAtEnd reset(refused_beyond_);
    const auto found = refused_beyond_.bind(1, static_cast<std::int64_t>(kept)).step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) return FinishedPage{};
    last = refused_beyond_.integer(0);
  }
  refused_before_.bind(1, static_cast<std::int64_t>(after)).bind(2, last);
  return page_of(refused_before_, after, limits, wanted);
}

Result<ItemReader::FinishedPage> ItemReader::page_of(sql::Statement& statement, WorkId after,
                                                     PageLimits limits, const Wanted& wanted) {
  const sql::ResetAtEnd reset(statement);
  FinishedPage page;
  page.last = after;
  for (std::size_t looked = 0; looked < limits.rows && page.wanted.size() < limits.wanted; ++looked) {
    const auto found = statement.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) return page;
    page.last = WorkId{static_cast<std::uint64_t>(statement.integer(0))};
    const auto item = read_row(statement);
    if (item && wanted(*item)) page.wanted.push_back(item->id);
  }
  page.more = true;
  return page;
}

Result<ItemReader::Space> ItemReader::space() {
  const auto pages = database_.number("PRAGMA page_count");
  if (!pages) return tl::unexpected(described(pages.error()));
  const auto free_pages = database_.number("PRAGMA freelist_count");
  if (!free_pages) return tl::unexpected(described(free_pages.error()));
  return Space{*pages, *free_pages};
}

Result<AuditPage> ItemReader::audit_page(WorkId after, std::size_t limit) {
  const sql::ResetAtEnd reset(audit_);
  audit_.bind(1, static_cast<std::int64_t>(after));
  AuditPage page;
  page.last = after;
  while (page.records.size() < limit) {
    const auto found = audit_.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) return page;
    auto record = audit_record(audit_);
    if (!record) return fail(Outcome::Internal, "journal.internal", "the audit chain can't be hashed");
    page.last = record->id;
    page.records.push_back(std::move(*record));
  }
  page.more = true;
  return page;
}

Result<std::vector<AuditGap>> ItemReader::audit_gaps(std::uint64_t after, std::size_t limit) {
  const sql::ResetAtEnd reset(gaps_);
  gaps_.bind(1, static_cast<std::int64_t>(after));
  std::vector<AuditGap> gaps;
  while (gaps.size() < limit) {
    const auto found = gaps_.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) break;
    AuditGap& gap = gaps.emplace_back();
    gap.first = static_cast<std::uint64_t>(gaps_.integer(0));
    gap.last = static_cast<std::uint64_t>(gaps_.integer(1));
    // One that is damaged fits nothing, and is told so.
    if (!read_hash(gaps_, 2, gap.before)) gap.before = {};
    if (!read_hash(gaps_, 3, gap.after)) gap.after = {};
  }
  return gaps;
}

Result<std::vector<AuditRecord>> ItemReader::audit_erasures(std::uint64_t after, std::size_t limit) {
  const sql::ResetAtEnd reset(erasures_);
  erasures_.bind(1, static_cast<std::int64_t>(after));
  std::vector<AuditRecord> records;
  while (records.size() < limit) {
    const auto found = erasures_.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found) break;
    auto record = erasure_record(erasures_);
    if (!record) return fail(Outcome::Internal, "journal.internal", "the audit chain can't be hashed");
    records.push_back(std::move(*record));
  }
  return records;
}

Result<Totals> ItemReader::totals() {
  auto totals = read_totals(database_);
  if (!totals) return tl::unexpected(described(totals.error()));
  return std::move(*totals);
}

Result<std::optional<StoreRecord>> ItemReader::store_get(std::string_view connector, BytesView key) {
  const sql::ResetAtEnd reset(get_);
  const auto found = get_.bind(1, connector).bind(2, key).step();
  if (!found) return tl::unexpected(described(found.error()));
  if (!*found) return std::nullopt;
  return StoreRecord{copy_of(get_.blob(0)), static_cast<std::uint64_t>(get_.integer(1)),
                     copy_of(get_.blob(2))};
}

Result<std::vector<StoreRecord>> ItemReader::store_page(std::string_view connector, BytesView prefix,
                                                        BytesView after, std::size_t limit) {
  const sql::ResetAtEnd reset(scan_);
  scan_.bind(1, connector).bind(2, prefix).bind(3, after);
  std::vector<StoreRecord> page;
  while (page.size() < limit) {
    const auto found = scan_.step();
    if (!found) return tl::unexpected(described(found.error()));
    if (!*found || !starts_with(scan_.blob(0), prefix)) break;
    page.push_back(
        {copy_of(scan_.blob(0)), static_cast<std::uint64_t>(scan_.integer(1)), copy_of(scan_.blob(2))});
  }
  return page;
}

}  // namespace certspan
