#include "plugins/ca_local/revocation_list.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "plugins/ca_local/ledger_keys.hpp"

namespace certspan::ca_local {
namespace {

using namespace ledger_keys;
using sdk::Outcome;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMostForgotten = 64;  // of a commit
constexpr std::uint8_t kRemoveFromCrl = 8;
constexpr std::size_t kPartitionsSize = 2;
constexpr std::size_t kLongerThanSerials = 21;
constexpr std::size_t kChangeHead = 1 + kNumberSize;

/// The serial numbers whose records changed since `from`, with the key that signed each.
struct Change {
  pki::Bytes serial;
  pki::Bytes authority_key_id;
  std::int64_t at = 0;
};

Outcome read_changes(const sdk::Store& store, std::int64_t from, std::vector<Change>& changes) {
  // Behind everything of the second before: no serial number is that long.
  const pki::Bytes after =
      from > 0 ? change_key(from - 1, pki::Bytes(kLongerThanSerials, 0xFF)) : pki::Bytes{};
  return store.scan(pki::BytesView(&kChange, 1), after, UINT64_MAX, [&](const sdk::RecordView& record) {
    if (record.key.size() > kChangeHead) {
      changes.push_back({pki::to_bytes(record.key.subspan(kChangeHead)), pki::to_bytes(record.value),
                         static_cast<std::int64_t>(number_in(record.key.subspan(1, kNumberSize)))});
    }
    return true;
  });
}

}  // namespace

Outcome RevocationList::visit(const std::function<void(const Revocation&)>& take) const {
  pki::Bytes after;
  Page page;
  do {
    page.clear();
    const Outcome read = read_page(after, page);
    if (read != Outcome::Ok) return read;
    for (const Revocation& each : page) take(each);
  } while (page.size() == kPage);
  return Outcome::Ok;
}

/// The records after the key `after`, which becomes that of the last one.
Outcome RevocationList::read_page(pki::Bytes& after, Page& page) const {
  bool damaged = false;
  const Outcome outcome =
      store_.scan(pki::BytesView(&kRevoked, 1), after, kPage, [&](const sdk::RecordView& record) {
        auto revocation = decode_revocation(record.key.subspan(1), record.value);
        damaged = !revocation;
        if (!damaged) page.push_back(std::move(*revocation));
        return !damaged;
      });
  if (outcome != Outcome::Ok || damaged) return damaged ? Outcome::Internal : outcome;
  if (page.empty()) return Outcome::Ok;
  after = store_key(kRevoked, page.back().serial);
  return add_ends(page);
}

/// Both kinds of records come in the order of the serial numbers.
Outcome RevocationList::add_ends(Page& page) const {
  auto next = page.begin();
  pki::Bytes before = store_key(kEnd, page.front().serial);
  before.pop_back();  // a key that comes before it: a prefix of it
  return store_.scan(pki::BytesView(&kEnd, 1), before, UINT64_MAX, [&](const sdk::RecordView& record) {
    const pki::BytesView serial = record.key.subspan(1);
    const auto comes_before = [&](const Revocation& each) {
      return std::ranges::lexicographical_compare(each.serial, serial);
    };
    while (next != page.end() && comes_before(*next)) ++next;
    const bool fits = next != page.end() && pki::equal(next->serial, serial);
    if (fits && record.value.size() == kNumberSize)
      next->not_after = static_cast<std::int64_t>(number_in(record.value));
    return next != page.end();
  });
}

Outcome RevocationList::visit_changes(std::int64_t from,
                                      const std::function<void(const Revocation&)>& take) const {
  std::vector<Change> changes;
  const Outcome read = read_changes(store_, from, changes);
  if (read != Outcome::Ok) return read;
  std::set<pki::Bytes> seen;
  for (const Change& change : changes) {
    if (!seen.insert(change.serial).second) continue;
    Revocation now;
    const Outcome found = ledger_.find_revocation(change.serial, now);
    if (found == Outcome::Rejected) {
      now = {change.serial, change.authority_key_id, change.at, kRemoveFromCrl, 0};
    } else if (found != Outcome::Ok) {
      return found;
    }
    take(now);
  }
  return Outcome::Ok;
}

Outcome RevocationList::forget_changes(std::int64_t until) const {
  std::vector<pki::Bytes> keys;
  const pki::Bytes end = change_key(until, {});
  const Outcome read =
      store_.scan(pki::BytesView(&kChange, 1), {}, kMostForgotten, [&](const sdk::RecordView& record) {
        const bool is_old = std::ranges::lexicographical_compare(record.key, end);
        if (is_old) keys.push_back(pki::to_bytes(record.key));
        return is_old;
      });
  if (read != Outcome::Ok || keys.empty()) return read;
  std::vector<sdk::StoreWrite> writes;
  writes.reserve(keys.size());
  for (const pki::Bytes& key : keys) writes.push_back(sdk::erase_record(key));
  return store_.commit(writes);
}

Outcome RevocationList::mark(std::uint64_t& mark) const {
  sdk::Record stored;
  const Outcome found = store_.get(pki::BytesView(&kMark, 1), stored);
  mark = found == Outcome::Ok ? stored.revision : 0;
  return found == Outcome::Rejected ? Outcome::Ok : found;
}

Outcome RevocationList::take_number(pki::BytesView authority_key_id, std::uint64_t least,
                                    std::uint64_t& number, std::uint64_t& before) const {
  const pki::Bytes key = store_key(kCrlNumber, authority_key_id);
  sdk::Record last;
  const Outcome found = store_.get(key, last);
  if (found != Outcome::Ok && found != Outcome::Rejected) return found;
  if (found == Outcome::Ok && last.value.size() != kNumberSize) return Outcome::Internal;
  before = found == Outcome::Ok ? number_in(last.value) : 0;
  number = std::max(least, before + 1);
  pki::Bytes value;
  append_number(value, number);
  return store_.commit({found == Outcome::Ok ? sdk::update_record(key, last.revision, value)
                                             : sdk::insert_record(key, value)});
}

Outcome RevocationList::note_made(pki::BytesView scope, std::int64_t at, std::int64_t& before) const {
  const pki::Bytes key = store_key(kLastMade, scope);
  sdk::Record last;
  const Outcome found = store_.get(key, last);
  if (found != Outcome::Ok && found != Outcome::Rejected) return found;
  before = found == Outcome::Ok ? static_cast<std::int64_t>(number_in(last.value)) : 0;
  pki::Bytes value;
  append_number(value, static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0)));
  return store_.commit({sdk::put_record(key, value)});
}

Outcome RevocationList::note_partitions(std::uint32_t count) const {
  const pki::Bytes key = {kPartitions, static_cast<std::uint8_t>(count >> 8U),
                          static_cast<std::uint8_t>(count)};
  return store_.commit({sdk::put_record(key, {})});
}

Outcome RevocationList::has_issued(bool& issued) const {
  return store_.scan(pki::BytesView(&kBySerial, 1), {}, 1, [&](const sdk::RecordView&) {
    issued = true;
    return false;
  });
}

Outcome RevocationList::partition_counts(std::uint32_t now, std::vector<std::uint32_t>& all) const {
  const Outcome read =
      store_.scan(pki::BytesView(&kPartitions, 1), {}, UINT64_MAX, [&](const sdk::RecordView& record) {
        if (record.key.size() == 1 + kPartitionsSize)
          all.push_back(static_cast<std::uint32_t>(number_in(record.key.subspan(1))));
        return true;
      });
  if (read != Outcome::Ok) return read;
  // As long as it was never parted nothing is noted, and the certificates that there are name no part.
  const bool never_parted = all.empty();
  const auto add = [&](std::uint32_t count) {
    if (std::ranges::find(all, count) != all.end()) return Outcome::Ok;
    all.push_back(count);
    return never_parted && now == 0 ? Outcome::Ok : note_partitions(count);
  };
  bool issued = false;
  const Outcome looked = never_parted ? has_issued(issued) : Outcome::Ok;
  if (looked != Outcome::Ok) return looked;
  const Outcome noted = issued ? add(0) : Outcome::Ok;
  return noted == Outcome::Ok ? add(now) : noted;
}

}  // namespace certspan::ca_local
