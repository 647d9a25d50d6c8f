// What this CA has issued, in the connector's store.
#pragma once

#include <cstdint>
#include <optional>

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
  sdk::Outcome find_by_serial(pki::BytesView serial, LedgerRecord& record) const;
  sdk::Outcome add(pki::BytesView item_key, const LedgerRecord& record) const;

 private:
  sdk::Store store_;
};

}  // namespace certspan::ca_local
