#include "host/journal/row_writer.hpp"

#include <algorithm>
#include <utility>

namespace certspan {
namespace {

std::int64_t number_of(WorkId id) {
  return static_cast<std::int64_t>(id);
}

bool same_place(const StoreWrite& a, const StoreWrite& b) {
  return a.connector == b.connector && a.key == b.key;
}

/// The transaction is taken back, as when memory runs out.
tl::unexpected<sql::Failure> not_hashed() {
  return tl::unexpected(sql::Failure{sql::Trouble::Memory, 0, "its audit chain can't be hashed"});
}

}  // namespace

sql::Tried<RowWriter> RowWriter::create(sql::Database& database, IdSource& revisions) {
  RowWriter writer(revisions);
  const std::pair<sql::Statement*, const char*> statements[] = {
      {&writer.find_hot_, "SELECT epoch, state FROM hot WHERE id = ?1"},
      {&writer.find_key_, "SELECT key FROM hot WHERE key_hash = ?1"},
      {&writer.find_done_, "SELECT 1 FROM done WHERE id = ?1"},
      {&writer.insert_hot_, "INSERT INTO hot VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      {&writer.update_hot_,
       "UPDATE hot SET state = ?3, key_hash = ?4, transaction_hash = ?5, serial_hash = ?6, key = ?7, note = "
       "?8,"
       " body = ?9, sealed = ?10 WHERE id = ?1"},
      {&writer.delete_hot_, "DELETE FROM hot WHERE id = ?1"},
      {&writer.insert_done_, "INSERT INTO done VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?9, ?10, ?11, ?12)"},
      {&writer.delete_done_,
       "DELETE FROM done WHERE id = ?1 RETURNING state, epoch, key, body, audit_number, audit_before"},
      {&writer.shrink_, "PRAGMA incremental_vacuum(256)"},
      {&writer.update_note_, "UPDATE hot SET note = ?2 WHERE id = ?1"},
      {&writer.find_store_, "SELECT revision FROM store WHERE connector = ?1 AND key = ?2"},
      {&writer.put_store_,
       "INSERT INTO store (connector, key, revision, value) VALUES (?1, ?2, ?3, ?4)"
       " ON CONFLICT (connector, key) DO UPDATE SET revision = excluded.revision, value = excluded.value"},
      {&writer.delete_store_, "DELETE FROM store WHERE connector = ?1 AND key = ?2"},
  };
  for (const auto& [statement, text] : statements) {
    auto prepared = database.prepare(text);
    if (!prepared) return tl::unexpected(std::move(prepared).error());
    *statement = std::move(*prepared);
  }
  CERTSPAN_TRY(writer.gaps_, AuditGaps::create(database));
  CERTSPAN_TRY(writer.erasures_, AuditErasures::create(database));
  return writer;
}

sql::Tried<CommitResult> RowWriter::apply(const Change& change, StateCounts& counts, AuditHead& head) {
  earlier_state_.reset();
  if (change.item) {
    CERTSPAN_TRY(const CommitResult result, check_item(*change.item));
    if (result != CommitResult::Committed) return result;
  }
  if (change.note) {
    CERTSPAN_TRY(const auto held, held_state(change.note->id, change.note->epoch));
    if (!held) return CommitResult::StaleEpoch;
  }
  CERTSPAN_TRY(const CommitResult result, check_writes(change.writes));
  if (result != CommitResult::Committed) return result;

  if (change.item) {
    CERTSPAN_CHECK(write_item(*change.item, head));
    if (earlier_state_) --counts.at(static_cast<std::size_t>(*earlier_state_));
    ++counts.at(static_cast<std::size_t>(change.item->state));
  }
  if (change.note) {
    CERTSPAN_CHECK(
        update_note_.bind(1, number_of(change.note->id)).bind(2, BytesView(change.note->note)).run());
  }
  for (std::size_t i = 0; i < change.writes.size(); ++i) {
    if (!current_[i].replaced) CERTSPAN_CHECK(write_store(change.writes[i], current_[i].revision));
  }
  for (const WorkId id : change.expired) CERTSPAN_CHECK(remove_finished(id, counts, head));
  if (change.erasure) CERTSPAN_CHECK(erase(*change.erasure, counts, head));
  if (change.gives_back) CERTSPAN_CHECK(give_back());
  return CommitResult::Committed;
}

sql::Tried<CommitResult> RowWriter::check_item(const ItemRow& row) {
  if (row.first) return check_first(row);
  CERTSPAN_TRY(earlier_state_, held_state(row.id, row.epoch));
  if (!earlier_state_) return CommitResult::StaleEpoch;
  return CommitResult::Committed;
}

sql::Tried<CommitResult> RowWriter::check_first(const ItemRow& row) {
  const sql::ResetAtEnd reset(find_key_);
  find_key_.bind(1, row.key_hash);
  for (;;) {
    CERTSPAN_TRY(const bool found, find_key_.step());
    if (!found) break;
    if (equal(find_key_.blob(0), row.key)) return CommitResult::KeyExists;
  }
  // An id that is there already can only be a mistake of the caller; it must not cost the whole group.
  CERTSPAN_TRY(const bool finished, is_finished(row.id));
  if (finished) return CommitResult::StaleEpoch;
  const sql::ResetAtEnd reset_hot(find_hot_);
  CERTSPAN_TRY(const bool open, find_hot_.bind(1, number_of(row.id)).step());
  return open ? CommitResult::StaleEpoch : CommitResult::Committed;
}

sql::Tried<std::optional<ItemState>> RowWriter::held_state(WorkId id, std::uint32_t epoch) {
  const sql::ResetAtEnd reset(find_hot_);
  CERTSPAN_TRY(const bool found, find_hot_.bind(1, number_of(id)).step());
  if (!found || find_hot_.integer(0) != std::int64_t{epoch}) return std::nullopt;
  const std::int64_t state = find_hot_.integer(1);
  if (state < 0 || state > std::int64_t{static_cast<std::uint8_t>(ItemState::Held)}) {
    return tl::unexpected(
        sql::Failure{sql::Trouble::Corrupt, 0, to_string(id) + " stands in no known state"});
  }
  return static_cast<ItemState>(state);
}

sql::Tried<bool> RowWriter::is_finished(WorkId id) {
  const sql::ResetAtEnd reset(find_done_);
  return find_done_.bind(1, number_of(id)).step();
}

sql::Tried<CommitResult> RowWriter::check_writes(const std::vector<StoreWrite>& writes) {
  current_.assign(writes.size(), {});
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const StoreWrite& write = writes[i];
    const auto earlier = std::find_if(writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const StoreWrite& other) { return same_place(write, other); });
    const auto at = static_cast<std::size_t>(earlier - writes.begin());
    if (at != i) {
      // Made on top of the staged one: the first write of a key carries the precondition, the last the value.
      current_[i].revision = current_[at].revision;
      for (std::size_t j = at; j < i; ++j) {
        if (same_place(write, writes[j])) current_[j].replaced = true;
      }
      continue;
    }
    const sql::ResetAtEnd reset(find_store_);
    find_store_.bind(1, std::string_view(write.connector)).bind(2, BytesView(write.key));
    CERTSPAN_TRY(const bool found, find_store_.step());
    current_[i].revision = found ? find_store_.integer(0) : 0;
    if (write.expected_revision != StoreWrite::kAnyRevision &&
        write.expected_revision != static_cast<std::uint64_t>(current_[i].revision)) {
      return CommitResult::Conflict;
    }
  }
  return CommitResult::Committed;
}

sql::Tried<void> RowWriter::write_item(const ItemRow& row, AuditHead& head) {
  const bool open = is_open(row.state);
  sql::Statement& statement = !open ? insert_done_ : row.first ? insert_hot_ : update_hot_;
  if (row.first || !open) statement.bind(2, std::int64_t{row.epoch});
  statement.bind(1, number_of(row.id))
      .bind(3, std::int64_t{static_cast<std::uint8_t>(row.state)})
      .bind(4, row.key_hash)
      .bind(5, row.transaction_hash)
      .bind(6, row.serial_hash)
      .bind(7, BytesView(row.key))
      .bind(9, BytesView(row.body));
  if (open) statement.bind(8, BytesView(row.note));
  if (open || !row.sealed.empty()) {
    statement.bind(10, BytesView(row.sealed));
  } else {
    statement.bind(10, std::optional<std::int64_t>());
  }
  AuditHead next = head;
  if (!open) {
    CERTSPAN_TRY(next, chain(row, head));
  }
  CERTSPAN_CHECK(statement.run());
  head = next;
  if (open || row.first) return {};
  return delete_hot_.bind(1, number_of(row.id)).run();
}

sql::Tried<AuditHead> RowWriter::chain(const ItemRow& row, const AuditHead& head) {
  insert_done_.bind(11, static_cast<std::int64_t>(head.number + 1)).bind(12, BytesView(head.hash));
  const auto hash = audit_link(head.hash, head.number + 1, row.digest);
  if (!hash) return not_hashed();
  return AuditHead{head.number + 1, *hash, head.removed};
}

/// What the chain loses with a row is kept as a gap. One whose content was changed leaves a gap that does not
/// fit.
sql::Tried<std::optional<std::uint64_t>> RowWriter::remove_finished(WorkId id, StateCounts& counts,
                                                                    AuditHead& head) {
  delete_done_.bind(1, number_of(id));
  CERTSPAN_TRY(const bool found, delete_done_.step());
  if (!found) return std::nullopt;
  const std::int64_t state = delete_done_.integer(0);
  AuditGap gap;
  gap.first = gap.last = static_cast<std::uint64_t>(std::max<std::int64_t>(delete_done_.integer(4), 0));
  if (gap.first != 0 && read_hash(delete_done_, 5, gap.before)) {
    const auto digest =
        audit_digest({id, static_cast<std::uint32_t>(delete_done_.integer(1)),
                      static_cast<std::uint8_t>(state), delete_done_.blob(2), delete_done_.blob(3)});
    const auto hash = digest ? audit_link(gap.before, gap.first, *digest) : std::nullopt;
    if (!hash) return not_hashed();
    gap.after = *hash;
  } else {
    gap.first = 0;
  }
  CERTSPAN_CHECK(delete_done_.run());
  if (gap.first != 0) {
    CERTSPAN_CHECK(gaps_.add(gap));
    ++head.removed;
  }
  if (state > 0 && state < std::int64_t{static_cast<std::uint8_t>(counts.size())}) {
    --counts.at(static_cast<std::size_t>(state));
  }
  return gap.first;
}

/// What went meanwhile is not counted; if nothing is left, there is nothing to tell.
sql::Tried<void> RowWriter::erase(const ErasureRow& order, StateCounts& counts, AuditHead& head) {
  std::vector<std::uint64_t> numbers;
  for (const WorkId id : order.items) {
    CERTSPAN_TRY(const auto number, remove_finished(id, counts, head));
    if (number) numbers.push_back(*number);
  }
  if (numbers.empty()) return {};
  Erasure record = order.record;
  record.items = numbers.size();
  record.numbers = ranges_of(std::move(numbers));
  return erasures_.add(record, head);
}

/// Each step of the statement moves a page.
sql::Tried<void> RowWriter::give_back() {
  for (;;) {
    CERTSPAN_TRY(const bool more, shrink_.step());
    if (!more) return {};
  }
}

sql::Tried<void> RowWriter::write_store(const StoreWrite& write, std::int64_t current_revision) {
  sql::Statement& statement = write.value ? put_store_ : delete_store_;
  statement.bind(1, std::string_view(write.connector)).bind(2, BytesView(write.key));
  if (write.value) {
    const auto fresh = static_cast<std::int64_t>(revisions_->next());
    statement.bind(3, std::max(current_revision + 1, fresh)).bind(4, BytesView(*write.value));
  }
  return statement.run();
}

}  // namespace certspan
