#include "plugins/ndes/challenge/challenge_book.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "plugins/common/pki/random.hpp"
#include "plugins/ndes/challenge/challenge_record.hpp"

namespace certspan::scep {
namespace {

constexpr std::string_view kKeyRecord = "key";
constexpr std::string_view kPrefix = "c/";
constexpr std::size_t kIdDigits = 12;
constexpr std::uint64_t kPage = 256;
constexpr std::int64_t kForgetAfterMs = std::int64_t{7} * 24 * 60 * 60 * 1000;
// A commit fails only when another thread wrote the same record in between; the second look finds what it
// wrote.
constexpr int kTries = 3;

std::string to_base32(pki::BytesView octets) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t octet : octets) {
    buffer = (buffer << 8U) | octet;
    for (bits += 8; bits >= 5; bits -= 5)
      text.push_back(kAlphabet[(buffer >> static_cast<unsigned>(bits - 5)) & 31U]);
  }
  return text;
}

constexpr std::size_t kLongOctets = 20;
constexpr std::size_t kNdesOctets = 8;

// Wiped by the caller.
std::string new_challenge(ChallengeShape shape) {
  std::array<std::uint8_t, kLongOctets> octets{};
  pki::fill_random(octets);
  std::string text;
  switch (shape) {
    case ChallengeShape::Long:
      text = to_base32(octets);
      break;
    case ChallengeShape::OfNdes:
      for (const std::uint8_t octet : std::span(octets).first(kNdesOctets)) {
        text.push_back("0123456789ABCDEF"[octet >> 4U]);
        text.push_back("0123456789ABCDEF"[octet & 15U]);
      }
      break;
  }
  pki::wipe(octets.data(), octets.size());
  return text;
}

std::string record_key(const HashKey& key, std::string_view challenge) {
  return std::string(kPrefix) + pki::to_hex(keyed_hash(key, pki::as_bytes(challenge)));
}

std::string id_of(std::string_view record_key) {
  return std::string(record_key.substr(kPrefix.size(), kIdDigits));
}

bool names_match(const std::vector<std::string>& allowed, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const std::string& name) { return std::ranges::count(allowed, name) > 0; });
}

bool readable(sdk::Outcome scanned) {
  return scanned == sdk::Outcome::Ok || scanned == sdk::Outcome::Rejected;
}

SpendResult check_binding(const ChallengeBinding& binding, const ChallengeUse& use) {
  if (!binding.endpoint.empty() && binding.endpoint != use.endpoint) return SpendResult::WrongEndpoint;
  if (!binding.profile.empty() && binding.profile != use.profile) return SpendResult::WrongProfile;
  if (!binding.subject.empty() && binding.subject != use.subject && binding.subject != use.common_name) {
    return SpendResult::WrongSubject;
  }
  if (binding.san && !names_match(*binding.san, use.san)) return SpendResult::WrongSubject;
  if (!binding.san && use.user_must_be_bound) return SpendResult::UnboundUser;
  return SpendResult::Spent;
}

// Whether this item may have the challenge; Spent also when it has it already.
SpendResult judge(const ChallengeRecord& record, const ChallengeUse& use, std::int64_t now_ms) {
  if (!record.used_by.empty()) {
    return record.used_by == pki::to_hex(use.item_key) ? SpendResult::Spent : SpendResult::SpentByAnother;
  }
  if (now_ms >= record.expires_ms) return SpendResult::Expired;
  return check_binding(record.binding, use);
}

}  // namespace

std::optional<ChallengeBook> ChallengeBook::open(const sdk::Store& store) {
  for (int i = 0; i < kTries; ++i) {
    sdk::Record record;
    const sdk::Outcome found = store.get(sdk::bytes_of(kKeyRecord), record);
    HashKey key{};
    if (found == sdk::Outcome::Ok && record.value.size() == key.size()) {
      std::ranges::copy(record.value, key.begin());
      return ChallengeBook(store, key);
    }
    if (found != sdk::Outcome::Rejected) return std::nullopt;
    pki::fill_random(key);
    if (store.commit({sdk::insert_record(sdk::bytes_of(kKeyRecord), key)}) == sdk::Outcome::Ok) {
      return ChallengeBook(store, key);
    }
  }
  return std::nullopt;
}

std::optional<MintedChallenge> ChallengeBook::mint(const ChallengeOrder& order, std::int64_t now_ms) {
  MintedChallenge minted;
  minted.challenge = new_challenge(order.shape);
  minted.expires_ms = now_ms + order.lifetime_ms;
  const std::string key = record_key(key_, minted.challenge);
  minted.id = id_of(key);
  const std::string value = encode_record(
      {.binding = order.binding, .device = order.device, .expires_ms = minted.expires_ms, .used_by = {}});
  const auto outcome = store_.commit({sdk::insert_record(sdk::bytes_of(key), sdk::bytes_of(value))});
  if (outcome != sdk::Outcome::Ok) return std::nullopt;
  return minted;
}

SpendResult ChallengeBook::spend(std::string_view challenge, const ChallengeUse& use, std::int64_t now_ms,
                                 SpentChallenge& spent) {
  const std::string key = record_key(key_, challenge);
  for (int i = 0; i < kTries; ++i) {
    sdk::Record stored;
    const sdk::Outcome found = store_.get(sdk::bytes_of(key), stored);
    if (found == sdk::Outcome::Rejected) return SpendResult::Unknown;
    if (found != sdk::Outcome::Ok) return SpendResult::StoreUnavailable;
    auto record = decode_record(stored.value);
    if (!record) return SpendResult::Unknown;
    spent = {id_of(key), record->device};
    const SpendResult verdict = judge(*record, use, now_ms);
    if (verdict != SpendResult::Spent || !record->used_by.empty()) return verdict;
    record->used_by = pki::to_hex(use.item_key);
    const std::string value = encode_record(*record);
    const sdk::Outcome written =
        store_.commit({sdk::update_record(sdk::bytes_of(key), stored.revision, sdk::bytes_of(value))});
    if (written == sdk::Outcome::Ok) return SpendResult::Spent;
    if (written != sdk::Outcome::Rejected) return SpendResult::StoreUnavailable;
  }
  return SpendResult::StoreUnavailable;
}

template <class Visit>
bool ChallengeBook::each_record(const Visit& visit) const {
  std::string after;
  for (bool more = true; more;) {
    std::string last;
    std::uint64_t seen = 0;
    const auto scanned =
        store_.scan(sdk::bytes_of(kPrefix), sdk::bytes_of(after), kPage, [&](const auto& view) {
          ++seen;
          last = sdk::text_of(view.key);
          if (auto record = decode_record(view.value)) visit(last, std::move(*record));
          return true;
        });
    if (!readable(scanned)) return false;
    more = seen == kPage;
    after = last;
  }
  return true;
}

std::optional<std::vector<ChallengeEntry>> ChallengeBook::list() const {
  std::vector<ChallengeEntry> entries;
  const bool read = each_record([&](std::string_view key, ChallengeRecord&& record) {
    entries.push_back({id_of(key), std::move(record.binding), std::move(record.device), record.expires_ms,
                       !record.used_by.empty()});
  });
  return read ? std::optional(std::move(entries)) : std::nullopt;
}

std::optional<std::vector<std::int64_t>> ChallengeBook::ends_of_open(std::int64_t now_ms) const {
  std::vector<std::int64_t> ends;
  const bool read = each_record([&](std::string_view /*key*/, const ChallengeRecord& record) {
    if (record.used_by.empty() && now_ms < record.expires_ms) ends.push_back(record.expires_ms);
  });
  return read ? std::optional(std::move(ends)) : std::nullopt;
}

CancelResult ChallengeBook::cancel(std::string_view id) {
  if (id.empty()) return CancelResult::Unknown;
  const std::string prefix = std::string(kPrefix) + std::string(id);
  std::vector<sdk::Record> found;
  const auto scanned = store_.scan(sdk::bytes_of(prefix), {}, 2, [&](const sdk::RecordView& view) {
    found.push_back(
        {{view.key.begin(), view.key.end()}, view.revision, {view.value.begin(), view.value.end()}});
    return true;
  });
  if (!readable(scanned)) return CancelResult::StoreUnavailable;
  if (found.empty()) return CancelResult::Unknown;
  if (found.size() > 1) return CancelResult::Ambiguous;
  const auto record = decode_record(found.front().value);
  if (record && !record->used_by.empty()) return CancelResult::AlreadySpent;
  // With the revision that was read: a device that spends it right now wins.
  const auto erased = store_.commit({sdk::erase_record(found.front().key, found.front().revision)});
  if (erased == sdk::Outcome::Rejected) return CancelResult::AlreadySpent;
  return erased == sdk::Outcome::Ok ? CancelResult::Cancelled : CancelResult::StoreUnavailable;
}

void ChallengeBook::forget_ended(std::int64_t now_ms) {
  constexpr std::size_t kMostWrites = 64;
  std::vector<std::string> ended;
  std::string last;
  std::uint64_t seen = 0;
  const auto scanned =
      store_.scan(sdk::bytes_of(kPrefix), sdk::bytes_of(swept_), kPage, [&](const auto& view) {
        ++seen;
        last = sdk::text_of(view.key);
        const auto record = decode_record(view.value);
        if (!record || record->expires_ms + kForgetAfterMs < now_ms) ended.push_back(last);
        return ended.size() < kMostWrites;
      });
  if (!readable(scanned)) return;
  // A page that was not full was the last one: the next sweep begins anew.
  swept_ = seen == kPage || ended.size() == kMostWrites ? last : std::string();
  std::vector<sdk::StoreWrite> writes;
  writes.reserve(ended.size());
  for (const std::string& key : ended) writes.push_back(sdk::erase_record(sdk::bytes_of(key)));
  // What can't be removed now is found by a later sweep.
  if (!writes.empty()) (void)store_.commit(writes);
}

}  // namespace certspan::scep
