#include "plugins/ca_local/crl_book.hpp"

#include <algorithm>
#include <utility>

namespace certspan::ca_local {
namespace {

using sdk::Outcome;

constexpr std::int64_t kShare = 10;
/// A change is entered some time before it is durable: a delta looks back further than its base.
constexpr std::int64_t kLookBack = 3600;

/// Whether a list that was made at `last` has told of it after the certificate's end (RFC 5280 3.3).
bool has_been_told(const Revocation& revocation, std::int64_t last) {
  return revocation.not_after > 0 && revocation.not_after < last;
}

pki::Bytes scope_of(const Authority& authority, const Partition& part) {
  pki::Bytes scope = pki::to_bytes(authority.key_identifier());
  for (const std::uint32_t number : {part.number, part.count}) {
    scope.push_back(static_cast<std::uint8_t>(number >> 8U));
    scope.push_back(static_cast<std::uint8_t>(number));
  }
  return scope;
}

}  // namespace

void CrlBook::note_parts() {
  const std::lock_guard lock(mutex_);
  static_cast<void>(look_for_parts());
}

Outcome CrlBook::kinds(std::vector<CrlKind>& all) {
  const std::lock_guard lock(mutex_);
  if (look_for_parts() != Outcome::Ok) return Outcome::Unavailable;
  const auto add = [&](const Partition& part) {
    all.push_back({part, false});
    if (!rules_.delta_urls.empty() && part.count == rules_.partitions) all.push_back({part, true});
  };
  for (const std::uint32_t count : partition_counts_) {
    if (count == 0) add({});
    for (std::uint32_t number = 0; number < count; ++number) add({number, count});
  }
  return Outcome::Ok;
}

Outcome CrlBook::look_for_parts() {
  if (knows_parts_) return Outcome::Ok;
  partition_counts_.clear();
  const Outcome looked = list_.partition_counts(rules_.partitions, partition_counts_);
  knows_parts_ = looked == Outcome::Ok;
  return looked;
}

/// What nobody's certificate names is not signed for whoever asks.
bool CrlBook::has(const CrlKind& kind) const {
  if (kind.delta && rules_.delta_urls.empty()) return false;
  const Partition& part = kind.partition;
  if (part.count == 0) return true;
  return part.number < part.count &&
         std::ranges::find(partition_counts_, part.count) != partition_counts_.end();
}

Outcome CrlBook::current(const Authority& authority, const CrlKind& kind, std::int64_t now, Crl& crl) {
  if (!authority.may_sign_crls()) return Outcome::Rejected;
  const std::lock_guard lock(mutex_);
  if (look_for_parts() != Outcome::Ok) return Outcome::Unavailable;
  if (!has(kind)) return Outcome::Rejected;
  const pki::Bytes key_id = pki::to_bytes(authority.key_identifier());
  const CrlKind whole = {kind.partition, false};
  Entry& base = entries_[{key_id, whole}];
  Outcome outcome = renew({authority, whole, now, nullptr}, base);
  if (outcome != Outcome::Ok) return outcome;
  if (!kind.delta) {
    crl = base.crl;
    return Outcome::Ok;
  }
  Entry& delta = entries_[{key_id, kind}];
  outcome = renew({authority, kind, now, &base}, delta);
  if (outcome == Outcome::Ok) crl = delta.crl;
  return outcome;
}

/// One that counts still is better than none while the ledger can't be read.
Outcome CrlBook::renew(const Wanted& wanted, Entry& entry) const {
  std::uint64_t mark = 0;
  const bool readable = list_.mark(mark) == Outcome::Ok;
  if (!readable) mark = entry.mark;
  if (!is_due(wanted, entry, mark)) return Outcome::Ok;
  if (!readable) return Outcome::Unavailable;
  const auto began = std::chrono::steady_clock::now();
  Entry fresh;
  const Outcome made = make(wanted, fresh);
  if (made != Outcome::Ok) return made;
  fresh.mark = mark;
  fresh.took = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
  entry = std::move(fresh);
  return Outcome::Ok;
}

/// Also when the clock was set back: a CRL of the future helps nobody.
bool CrlBook::is_due(const Wanted& wanted, const Entry& entry, std::uint64_t mark) const {
  const auto every = wanted.kind.delta ? rules_.delta_every : rules_.every;
  if (!entry.crl || wanted.now < entry.made || wanted.now - entry.made >= every.count()) return true;
  if (wanted.kind.delta && entry.base != wanted.base->number) return true;
  // Where there are deltas they tell what is new.
  const bool tells_at_once =
      wanted.kind.delta || rules_.delta_urls.empty() || wanted.kind.partition.count != rules_.partitions;
  // The first second counts as a quick one.
  const std::int64_t pause = kShare * (entry.took.count() - 1);
  return tells_at_once && mark != entry.mark && wanted.now - entry.made >= pause;
}

Outcome CrlBook::collect(const Wanted& wanted, std::int64_t last, pki::CrlEntries& entries) const {
  const Partition& part = wanted.kind.partition;
  bool sound = true;
  const auto take = [&](const Revocation& revocation) {
    if (!pki::equal(revocation.authority_key_id, wanted.authority.key_identifier())) return;
    if (part.count != 0 && partition_of(revocation.serial, part.count) != part) return;
    if (has_been_told(revocation, last)) return;
    sound = sound && entries.add({revocation.serial, revocation.at, revocation.reason}).has_value();
  };
  const Outcome read =
      wanted.base == nullptr ? list_.visit(take) : list_.visit_changes(wanted.base->made - kLookBack, take);
  return sound ? read : Outcome::Internal;
}

Outcome CrlBook::make(const Wanted& wanted, Entry& entry) const {
  pki::CrlTemplate what;
  std::uint64_t number_before = 0;
  const auto least = static_cast<std::uint64_t>(wanted.now);
  const Outcome numbered =
      list_.take_number(wanted.authority.key_identifier(), least, what.number, number_before);
  if (numbered != Outcome::Ok) return Outcome::Unavailable;
  const Partition& part = wanted.kind.partition;
  std::int64_t last = 0;
  if (wanted.base == nullptr &&
      list_.note_made(scope_of(wanted.authority, part), wanted.now, last) != Outcome::Ok) {
    return Outcome::Unavailable;
  }
  pki::CrlEntries entries;
  if (collect(wanted, last, entries) != Outcome::Ok) return Outcome::Unavailable;
  what.entries = entries.view();
  what.this_update = wanted.now - rules_.backdate.count();
  if (part.count != 0) what.partition_urls = with_partition(rules_.urls, part);
  if (wanted.base != nullptr) {
    what.base_number = wanted.base->number;
    what.next_update = wanted.now + 2 * rules_.delta_every.count();
  } else {
    what.next_update = wanted.now + rules_.every.count() + rules_.overlap.count();
    if (part.count == rules_.partitions) what.delta_urls = with_partition(rules_.delta_urls, part);
    // Deltas of this one need none of them.
    static_cast<void>(list_.forget_changes(wanted.now - rules_.every.count() - 2 * kLookBack));
  }
  entry.number = what.number;
  entry.base = what.base_number.value_or(0);
  entry.made = wanted.now;
  auto der = wanted.authority.sign(std::move(what));
  if (!der) return Outcome::Unavailable;
  entry.crl = std::make_shared<const pki::Bytes>(std::move(*der));
  return Outcome::Ok;
}

}  // namespace certspan::ca_local
