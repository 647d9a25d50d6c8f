// What this CA has issued, in the connector's store.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <certspan/store.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::ca_local {

enum class CertificateState : std::uint8_t { Good = 1, Revoked = 2 };

/// One certificate that was issued.
struct LedgerRecord {
  CertificateState state = CertificateState::Good;
  pki::Bytes serial;       // magnitude, as it stands in the certificate
  pki::Bytes certificate;  // DER
};

/// That a certificate was revoked, as a CRL tells it.
struct Revocation {
  pki::Bytes serial;            // magnitude
  pki::Bytes authority_key_id;  // of the key that signed the certificate
  std::int64_t at = 0;          // seconds since 1970
  std::uint8_t reason = 0;      // CRLReason
  std::int64_t not_after = 0;   // of the certificate, seconds since 1970; 0 if an older version wrote it
};

/// When something is revoked, in seconds since 1970.
struct RevocationTimes {
  std::int64_t at = 0;   // what the CRL says
  std::int64_t now = 0;  // when it is entered
};

/// The stored form of a revocation, whose key holds the serial number: version, reason, time (8 octets),
/// authority key identifier. The certificate's end stands in a record of its own, which older versions let
/// be.
pki::Bytes encode_revocation(const Revocation& revocation);
/// Fault: Malformed, also for a version that a later Certspan wrote.
pki::Result<Revocation> decode_revocation(pki::BytesView serial, pki::BytesView stored);

/// The stored form: version, state, length of the serial, serial, certificate.
pki::Bytes encode_record(const LedgerRecord& record);
/// Fault: Malformed, also for a version that a later Certspan wrote.
pki::Result<LedgerRecord> decode_record(pki::BytesView stored);

/// The ledger: a record by item key, and by serial number a reference to it. Both are written in one commit,
/// staged with the item's transition, so that a certificate leaves the host only if it stands here. Any
/// thread.
///
/// Outcomes are those of the store: Ok; Rejected: there is none (find), or the key or serial is taken (add);
/// Unavailable: the store can't be read or written now; Internal: a record is damaged.
class Ledger {
 public:
  explicit Ledger(sdk::Store store) : store_(store) {}

  sdk::Outcome find_by_key(pki::BytesView item_key, LedgerRecord& record) const;
  // The item key under which this very certificate (DER) was issued. Rejected: it was not.
  sdk::Outcome find_key(pki::BytesView certificate, pki::Bytes& item_key) const;
  sdk::Outcome find_by_serial(pki::BytesView serial, LedgerRecord& record) const;
  sdk::Outcome add(pki::BytesView item_key, const LedgerRecord& record) const;

  /// What becomes of an order to revoke.
  enum class Revoked : std::uint8_t {
    Done,      // or it was so already
    Unknown,   // nothing was issued under this key
    NoReason,  // there is no such reason
    NotHeld,   // only a hold can be released
    Failed,    // the store, `outcome` says how
  };
  /// Marks what was issued under `item_key` as revoked for `reason` (RFC 5280 5.3.1), or releases it from
  /// hold (8). What is revoked for good stays as it is; after keyCompromise its key is refused for good all
  /// the same. One commit, staged in a call with an item.
  Revoked revoke(pki::BytesView item_key, std::uint32_t reason, RevocationTimes times,
                 sdk::Outcome& outcome) const;
  /// Ok: this key (SPKI, DER) was compromised; Rejected: not that we know.
  sdk::Outcome find_compromised(pki::BytesView spki) const;
  /// Ok: some key was; Rejected: none.
  sdk::Outcome find_any_compromised() const;

  /// How one stands that is revoked; Rejected: it is not.
  sdk::Outcome find_revocation(pki::BytesView serial, Revocation& revocation) const;

 private:
  sdk::Outcome write_revocation(const sdk::Record& issued, LedgerRecord record, const Revocation& revocation,
                                pki::BytesView spki, std::int64_t now) const;

  sdk::Store store_;
};

}  // namespace certspan::ca_local
