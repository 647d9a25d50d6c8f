#include "plugins/ca_local/crl_book.hpp"

#include <utility>

namespace certspan::ca_local {
namespace {

constexpr std::int64_t kShare = 10;
/// By how much a number may be ahead of the time at which its CRL was made.
constexpr std::uint64_t kAhead = 3600;

/// Whether a CRL that was made after the certificate's end has told of it already (RFC 5280 3.3). Numbers are
/// never below the time.
bool has_been_told(const Revocation& revocation, std::uint64_t last_number) {
  return revocation.not_after > 0 && static_cast<std::uint64_t>(revocation.not_after) + kAhead < last_number;
}

}  // namespace

sdk::Outcome CrlBook::current(const Authority& authority, std::int64_t now, Crl& crl) {
  if (!authority.may_sign_crls()) return sdk::Outcome::Rejected;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[pki::to_bytes(authority.key_identifier())];
  std::uint64_t mark = 0;
  if (ledger_.revocations_mark(mark) != sdk::Outcome::Ok) return sdk::Outcome::Unavailable;
  if (is_due(entry, now, mark)) {
    const auto began = std::chrono::steady_clock::now();
    Crl fresh;
    const sdk::Outcome made = make(authority, now, fresh);
    if (made != sdk::Outcome::Ok) return made;
    const auto took = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    entry = {std::move(fresh), now, mark, took};
  }
  crl = entry.crl;
  return sdk::Outcome::Ok;
}

/// Also when the clock was set back: a CRL of the future helps nobody.
bool CrlBook::is_due(const Entry& entry, std::int64_t now, std::uint64_t mark) const {
  if (!entry.crl || now < entry.made || now - entry.made >= rules_.every.count()) return true;
  // The first second counts as a quick one.
  const std::int64_t pause = kShare * (entry.took.count() - 1);
  return mark != entry.mark && now - entry.made >= pause;
}

sdk::Outcome CrlBook::make(const Authority& authority, std::int64_t now, Crl& crl) const {
  std::vector<Revocation> revocations;
  if (ledger_.revocations(revocations) != sdk::Outcome::Ok) return sdk::Outcome::Unavailable;
  pki::CrlTemplate what;
  const auto least = static_cast<std::uint64_t>(now);
  std::uint64_t last = 0;
  if (ledger_.take_crl_number(authority.key_identifier(), least, what.number, last) != sdk::Outcome::Ok) {
    return sdk::Outcome::Unavailable;
  }
  for (Revocation& revocation : revocations) {
    if (!pki::equal(revocation.authority_key_id, authority.key_identifier())) continue;
    if (has_been_told(revocation, last)) continue;
    what.revoked.push_back({std::move(revocation.serial), revocation.at, revocation.reason});
  }
  what.this_update = now - rules_.backdate.count();
  what.next_update = now + rules_.every.count() + rules_.overlap.count();
  auto der = authority.sign(std::move(what));
  if (!der) return sdk::Outcome::Unavailable;
  crl = std::make_shared<const pki::Bytes>(std::move(*der));
  return sdk::Outcome::Ok;
}

}  // namespace certspan::ca_local
