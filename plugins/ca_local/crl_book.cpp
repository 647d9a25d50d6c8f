#include "plugins/ca_local/crl_book.hpp"

#include <utility>

namespace certspan::ca_local {

sdk::Outcome CrlBook::current(const Authority& authority, std::int64_t now, Crl& crl) {
  if (!authority.may_sign_crls()) return sdk::Outcome::Rejected;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[pki::to_bytes(authority.key_identifier())];
  if (is_due(entry, now)) {
    Crl fresh;
    const sdk::Outcome made = make(authority, now, fresh);
    if (made != sdk::Outcome::Ok) return made;
    entry = {std::move(fresh), now};
  }
  crl = entry.crl;
  return sdk::Outcome::Ok;
}

/// Also when the clock was set back: a CRL of the future helps nobody.
bool CrlBook::is_due(const Entry& entry, std::int64_t now) const {
  return !entry.crl || now < entry.made || now - entry.made >= rules_.every.count();
}

sdk::Outcome CrlBook::make(const Authority& authority, std::int64_t now, Crl& crl) const {
  std::vector<Revocation> revocations;
  if (ledger_.revocations(revocations) != sdk::Outcome::Ok) return sdk::Outcome::Unavailable;
  pki::CrlTemplate what;
  for (Revocation& revocation : revocations) {
    if (!pki::equal(revocation.authority_key_id, authority.key_identifier())) continue;
    what.revoked.push_back({std::move(revocation.serial), revocation.at, revocation.reason});
  }
  what.this_update = now - rules_.backdate.count();
  what.next_update = now + rules_.every.count() + rules_.overlap.count();
  const auto least = static_cast<std::uint64_t>(now);
  if (ledger_.take_crl_number(authority.key_identifier(), least, what.number) != sdk::Outcome::Ok) {
    return sdk::Outcome::Unavailable;
  }
  auto der = authority.sign(std::move(what));
  if (!der) return sdk::Outcome::Unavailable;
  crl = std::make_shared<const pki::Bytes>(std::move(*der));
  return sdk::Outcome::Ok;
}

}  // namespace certspan::ca_local
