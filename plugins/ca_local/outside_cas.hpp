// CAs outside that issued before this one took over, and what was imported of theirs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <certspan/faults.hpp>
#include <certspan/store.hpp>

#include "plugins/ca_local/ledger.hpp"
#include "plugins/ca_local/settings.hpp"
#include "plugins/common/pki/certificate.hpp"

namespace certspan::ca_local {

/// What became of one certificate that was to be imported.
enum class Imported : std::uint8_t {
  New,
  Known,        // it was there already
  Expired,      // so it could never renew
  OtherIssuer,  // none of the CAs signed it
  Unfit,        // a CA's own, or signed in a way that is not accepted
  Unreadable,
};
std::string_view to_string(Imported what);

/// The CAs that `renew_from` names. A certificate of theirs is known here only if it was imported, byte for
/// byte: such a CA also issues to servers, people and CAs below it, and none of those may renew. Any thread.
class OutsideCas {
 public:
  /// Nothing is known without `renew_from`.
  OutsideCas(sdk::Store store, const RenewFrom& settings, sdk::Faults& faults);

  const std::vector<pki::Certificate>& certificates() const { return certificates_; }
  /// Until its day has ended, in UTC.
  bool counts_at(std::int64_t now) const { return !certificates_.empty() && now < until_; }
  bool ended_at(std::int64_t now) const { return !certificates_.empty() && now >= until_; }
  std::int64_t until() const { return until_; }

  /// Ok; Rejected: none was imported under this name and number; Unavailable; Internal: damaged.
  sdk::Outcome find(pki::BytesView issuer, pki::BytesView serial, LedgerRecord& record) const;

  /// Most in one call: what one commit of the store takes.
  static constexpr std::size_t kMostAtOnce = 64;
  /// Writes what is new, as good or as revoked; who was revoked stays so. All of it or nothing: Ok;
  /// Rejected: another import wrote meanwhile; Unavailable. `results` has one for each.
  sdk::Outcome import(const std::vector<pki::Bytes>& ders, CertificateState as, bool dry_run,
                      std::int64_t now, std::vector<Imported>& results) const;

 private:
  const pki::Certificate* issuer_of(const pki::Certificate& certificate) const;
  Imported judge(const pki::Certificate& certificate, std::int64_t now) const;

  sdk::Store store_;
  std::vector<pki::Certificate> certificates_;
  std::int64_t until_ = 0;
};

/// Reads and judges the files of `renew_from`.
std::vector<pki::Certificate> load_outside(const RenewFrom& settings, sdk::Faults& faults);

}  // namespace certspan::ca_local
