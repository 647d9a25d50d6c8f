#include "plugins/ndes/renewal/renewal_counter.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/pki/digest.hpp"

namespace certspan::scep {
namespace {

constexpr std::string_view kPrefix = "r/";
constexpr std::int64_t kForgetAfter = std::int64_t{10} * 366 * 24 * 60 * 60;
constexpr std::uint64_t kPage = 64;
constexpr int kTries = 3;

// 4 octets count, 8 octets time, 32 octets item key; big-endian.
constexpr std::size_t kRecordSize = 44;

struct CountRecord {
  std::uint32_t count = 0;
  std::int64_t time = 0;
  std::array<std::uint8_t, 32> item_key{};
};

std::uint64_t read_number(pki::BytesView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

std::optional<CountRecord> decode(pki::BytesView value) {
  if (value.size() != kRecordSize) return std::nullopt;
  CountRecord record;
  record.count = static_cast<std::uint32_t>(read_number(value.first(4)));
  record.time = static_cast<std::int64_t>(read_number(value.subspan(4, 8)));
  std::ranges::copy(value.subspan(12), record.item_key.begin());
  return record;
}

pki::Bytes encode(const CountRecord& record) {
  pki::Bytes value;
  for (int shift = 24; shift >= 0; shift -= 8)
    value.push_back(static_cast<std::uint8_t>(record.count >> shift));
  for (int shift = 56; shift >= 0; shift -= 8)
    value.push_back(static_cast<std::uint8_t>(record.time >> shift));
  value.insert(value.end(), record.item_key.begin(), record.item_key.end());
  return value;
}

std::string key_of(pki::BytesView spki) {
  return std::string(kPrefix) + pki::to_hex(pki::sha256(spki));
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

}  // namespace

CountResult RenewalCounter::count(const RenewalStep& step, std::int64_t max_renewals) const {
  const std::string new_key = key_of(step.new_spki);
  for (int i = 0; i < kTries; ++i) {
    const Found before = find(store_, key_of(step.old_spki));
    const Found now = find(store_, new_key);
    if (!readable(before) || !readable(now)) return CountResult::StoreUnavailable;
    if (now.outcome == sdk::Outcome::Ok && pki::equal(now.record.item_key, step.item_key)) {
      return CountResult::Counted;
    }
    CountRecord next;
    next.count = std::max(before.record.count, now.record.count) + 1;
    next.time = step.now;
    std::ranges::copy(step.item_key.first(std::min(step.item_key.size(), next.item_key.size())),
                      next.item_key.begin());
    if (next.count > max_renewals) return CountResult::TooMany;
    // Revision 0 says that nothing may be there: two renewals to one key at a time are told apart.
    const pki::Bytes value = encode(next);
    const auto written = store_.commit({sdk::update_record(sdk::bytes_of(new_key), now.revision, value)});
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
        store_.scan(sdk::bytes_of(kPrefix), sdk::bytes_of(after), kPage, [&](const auto& view) {
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
    more = seen == kPage;
    after = last;
  }
}

}  // namespace certspan::scep
