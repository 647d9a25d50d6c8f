#include "plugins/ndes/renewal/renewal_counter.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/pki/digest.hpp"

namespace certspan::scep {
namespace {

constexpr std::string_view kRenewalPrefix = "r/";
constexpr std::int64_t kForgetAfter = std::int64_t{10} * 366 * 24 * 60 * 60;
constexpr std::uint64_t kRenewalPage = 64;
constexpr int kRenewalTries = 3;

// 4 octets count, 8 octets time, 32 octets item key, 32 octets hash of the first key; big-endian. Records of
// before there was a first key end after the item key.
constexpr std::size_t kOldRecordSize = 44;
constexpr std::size_t kRecordSize = 76;

struct CountRecord {
  std::uint32_t count = 0;
  std::int64_t time = 0;
  std::array<std::uint8_t, 32> item_key{};
  pki::Bytes first_key;  // empty: the key of this record is the first
};

std::uint64_t read_number(pki::BytesView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

std::optional<CountRecord> decode(pki::BytesView value) {
  if (value.size() != kRecordSize && value.size() != kOldRecordSize) return std::nullopt;
  CountRecord record;
  record.count = static_cast<std::uint32_t>(read_number(value.first(4)));
  record.time = static_cast<std::int64_t>(read_number(value.subspan(4, 8)));
  std::ranges::copy(value.subspan(12, 32), record.item_key.begin());
  record.first_key = pki::to_bytes(value.subspan(kOldRecordSize));
  return record;
}

pki::Bytes encode(const CountRecord& record) {
  pki::Bytes value;
  for (int shift = 24; shift >= 0; shift -= 8)
    value.push_back(static_cast<std::uint8_t>(record.count >> shift));
  for (int shift = 56; shift >= 0; shift -= 8)
    value.push_back(static_cast<std::uint8_t>(record.time >> shift));
  value.insert(value.end(), record.item_key.begin(), record.item_key.end());
  value.insert(value.end(), record.first_key.begin(), record.first_key.end());
  return value;
}

std::string record_key(pki::BytesView spki_hash) {
  return std::string(kRenewalPrefix) + pki::to_hex(spki_hash);
}

// Says that the item of this key was counted. Under the same prefix, so that it is forgotten in the same way.
std::string item_record_key(pki::BytesView item_key) {
  return std::string(kRenewalPrefix) + "i/" + pki::to_hex(item_key);
}

struct Found {
  sdk::Outcome outcome = sdk::Outcome::Unavailable;
  std::uint64_t revision = 0;
  CountRecord record;
};

Found find(const sdk::Store& store, const std::string& key) {
  Found found;
  sdk::Record stored;
  found.outcome = store.get(sdk::bytes_of(key), stored);
  if (found.outcome != sdk::Outcome::Ok) return found;
  found.revision = stored.revision;
  if (auto record = decode(stored.value)) found.record = *record;
  return found;
}

bool readable(const Found& found) {
  return found.outcome == sdk::Outcome::Ok || found.outcome == sdk::Outcome::Rejected;
}

// The records that one renewal reads and writes.
struct Lineage {
  Found item;
  Found first;
  Found next;
  pki::Bytes first_key;
};

std::optional<Lineage> read_lineage(const sdk::Store& store, const RenewalStep& step) {
  const auto old_key = pki::sha256(step.old_spki);
  const Found old = find(store, record_key(old_key));
  if (!readable(old)) return std::nullopt;
  Lineage lineage;
  lineage.first_key =
      old.record.first_key.empty() ? pki::Bytes(old_key.begin(), old_key.end()) : old.record.first_key;
  lineage.item = find(store, item_record_key(step.item_key));
  lineage.first = find(store, record_key(lineage.first_key));
  lineage.next = find(store, record_key(pki::sha256(step.new_spki)));
  if (!readable(lineage.item) || !readable(lineage.first) || !readable(lineage.next)) return std::nullopt;
  return lineage;
}

// Revision 0 says that nothing may be there: of two renewals at a time one has to count anew.
sdk::Outcome write_lineage(const sdk::Store& store, const RenewalStep& step, const Lineage& lineage,
                           CountRecord record) {
  const std::string first_name = record_key(lineage.first_key);
  const std::string next_name = record_key(pki::sha256(step.new_spki));
  const std::string item_name = item_record_key(step.item_key);
  const pki::Bytes first = encode(record);  // the first key's record names no first key
  record.first_key = lineage.first_key;
  const pki::Bytes next = encode(record);
  std::vector<sdk::StoreWrite> writes = {
      sdk::update_record(sdk::bytes_of(first_name), lineage.first.revision, first),
      sdk::update_record(sdk::bytes_of(item_name), lineage.item.revision, next)};
  if (next_name != first_name) {
    writes.push_back(sdk::update_record(sdk::bytes_of(next_name), lineage.next.revision, next));
  }
  return store.commit(writes);
}

}  // namespace

CountResult RenewalCounter::count(const RenewalStep& step, std::int64_t max_renewals) const {
  for (int i = 0; i < kRenewalTries; ++i) {
    const auto lineage = read_lineage(store_, step);
    if (!lineage) return CountResult::StoreUnavailable;
    const bool counted = lineage->item.outcome == sdk::Outcome::Ok ||
                         (lineage->next.outcome == sdk::Outcome::Ok &&
                          pki::equal(lineage->next.record.item_key, step.item_key));
    if (counted) return CountResult::Counted;
    CountRecord record;
    // A key that comes from another first key brings its count along.
    record.count = std::max(lineage->first.record.count, lineage->next.record.count) + 1;
    record.time = step.now;
    std::ranges::copy(step.item_key.first(std::min(step.item_key.size(), record.item_key.size())),
                      record.item_key.begin());
    if (record.count > max_renewals) return CountResult::TooMany;
    const auto written = write_lineage(store_, step, *lineage, record);
    if (written == sdk::Outcome::Ok) return CountResult::Counted;
    if (written != sdk::Outcome::Rejected) return CountResult::StoreUnavailable;
  }
  return CountResult::StoreUnavailable;
}

void RenewalCounter::forget_old(std::int64_t now) const {
  std::string after;
  for (bool more = true; more;) {
    std::vector<std::string> keys;
    std::string last;
    std::uint64_t seen = 0;
    const auto scanned =
        store_.scan(sdk::bytes_of(kRenewalPrefix), sdk::bytes_of(after), kRenewalPage, [&](const auto& view) {
          ++seen;
          last = sdk::text_of(view.key);
          const auto record = decode(view.value);
          if (!record || record->time + kForgetAfter < now) keys.push_back(last);
          return true;
        });
    if (scanned != sdk::Outcome::Ok && scanned != sdk::Outcome::Rejected) return;
    std::vector<sdk::StoreWrite> writes;
    writes.reserve(keys.size());
    for (const std::string& key : keys) writes.push_back(sdk::erase_record(sdk::bytes_of(key)));
    // What can't be removed now is found at the next start.
    if (!writes.empty()) (void)store_.commit(writes);
    more = seen == kRenewalPage;
    after = last;
  }
}

}  // namespace certspan::scep
