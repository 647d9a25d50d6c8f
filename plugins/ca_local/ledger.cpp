#include "plugins/ca_local/ledger.hpp"

#include <algorithm>
#include <cstddef>

namespace certspan::ca_local {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 3;
constexpr std::size_t kMaxSerial = 20;  // RFC 5280 4.1.2.2

// First octet of a store key: what kind of record it names.
constexpr std::uint8_t kByItem = 'i';
constexpr std::uint8_t kBySerial = 's';
constexpr std::uint8_t kRevoked = 'r';
constexpr std::uint8_t kCrlNumber = 'n';

constexpr std::size_t kNumberSize = 8;
constexpr std::size_t kRevocationHead = 2 + kNumberSize;
constexpr std::uint64_t kScanLimit = UINT64_MAX;

pki::Bytes store_key(std::uint8_t kind, pki::BytesView name) {
  pki::Bytes key;
  key.reserve(name.size() + 1);
  key.push_back(kind);
  key.insert(key.end(), name.begin(), name.end());
  return key;
}

/// Serials are compared as numbers: leading zero octets do not count.
pki::BytesView without_leading_zeros(pki::BytesView serial) {
  const auto first = std::ranges::find_if(serial, [](std::uint8_t octet) { return octet != 0; });
  return serial.subspan(static_cast<std::size_t>(first - serial.begin()));
}

void append_number(pki::Bytes& octets, std::uint64_t number) {
  for (std::size_t i = 0; i < kNumberSize; ++i) {
    octets.push_back(static_cast<std::uint8_t>(number >> (8U * (kNumberSize - 1 - i))));
  }
}

std::uint64_t number_in(pki::BytesView octets) {
  std::uint64_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return number;
}

}  // namespace

pki::Bytes encode_revocation(const Revocation& revocation) {
  pki::Bytes stored = {kVersion, revocation.reason};
  append_number(stored, static_cast<std::uint64_t>(revocation.at));
  stored.insert(stored.end(), revocation.authority_key_id.begin(), revocation.authority_key_id.end());
  return stored;
}

pki::Result<Revocation> decode_revocation(pki::BytesView serial, pki::BytesView stored) {
  if (stored.size() <= kRevocationHead || stored[0] != kVersion || serial.empty()) {
    return pki::fault(pki::FaultKind::Malformed, "revocation: truncated, or of another version of ca_local");
  }
  const auto at = static_cast<std::int64_t>(number_in(stored.subspan(2, kNumberSize)));
  return Revocation{pki::to_bytes(serial), pki::to_bytes(stored.subspan(kRevocationHead)), at, stored[1]};
}

pki::Bytes encode_record(const LedgerRecord& record) {
  pki::Bytes stored;
  stored.reserve(kHeaderSize + record.serial.size() + record.certificate.size());
  stored.push_back(kVersion);
  stored.push_back(static_cast<std::uint8_t>(record.state));
  stored.push_back(static_cast<std::uint8_t>(record.serial.size()));
  stored.insert(stored.end(), record.serial.begin(), record.serial.end());
  stored.insert(stored.end(), record.certificate.begin(), record.certificate.end());
  return stored;
}

pki::Result<LedgerRecord> decode_record(pki::BytesView stored) {
  if (stored.size() < kHeaderSize) return pki::fault(pki::FaultKind::Malformed, "ledger record: too short");
  if (stored[0] != kVersion) {
    return pki::fault(pki::FaultKind::Malformed, "ledger record: written by another version of ca_local");
  }
  const auto state = static_cast<CertificateState>(stored[1]);
  if (state != CertificateState::Good && state != CertificateState::Revoked) {
    return pki::fault(pki::FaultKind::Malformed, "ledger record: unknown state");
  }
  const std::size_t serial_size = stored[2];
  if (serial_size == 0 || serial_size > kMaxSerial || stored.size() <= kHeaderSize + serial_size) {
    return pki::fault(pki::FaultKind::Malformed, "ledger record: truncated");
  }
  const pki::BytesView rest = stored.subspan(kHeaderSize);
  return LedgerRecord{state, pki::to_bytes(rest.first(serial_size)),
                      pki::to_bytes(rest.subspan(serial_size))};
}

sdk::Outcome Ledger::find_by_key(pki::BytesView item_key, LedgerRecord& record) const {
  sdk::Record stored;
  const sdk::Outcome outcome = store_.get(store_key(kByItem, item_key), stored);
  if (outcome != sdk::Outcome::Ok) return outcome;
  pki::Result<LedgerRecord> decoded = decode_record(stored.value);
  if (!decoded) return sdk::Outcome::Internal;
  record = std::move(*decoded);
  return sdk::Outcome::Ok;
}

sdk::Outcome Ledger::find_by_serial(pki::BytesView serial, LedgerRecord& record) const {
  const pki::BytesView number = without_leading_zeros(serial);
  if (number.empty() || number.size() > kMaxSerial) return sdk::Outcome::Rejected;
  sdk::Record reference;
  const sdk::Outcome outcome = store_.get(store_key(kBySerial, number), reference);
  if (outcome != sdk::Outcome::Ok) return outcome;
  // The two are written together: one without the other is damage, never "there is none".
  const sdk::Outcome found = find_by_key(reference.value, record);
  return found == sdk::Outcome::Rejected ? sdk::Outcome::Internal : found;
}

sdk::Outcome Ledger::add(pki::BytesView item_key, const LedgerRecord& record) const {
  const pki::Bytes by_item = store_key(kByItem, item_key);
  const pki::Bytes by_serial = store_key(kBySerial, without_leading_zeros(record.serial));
  const pki::Bytes stored = encode_record(record);
  return store_.commit({sdk::insert_record(by_item, stored), sdk::insert_record(by_serial, item_key)});
}

sdk::Outcome Ledger::revocations(std::vector<Revocation>& all) const {
  bool damaged = false;
  const sdk::Outcome outcome =
      store_.scan(pki::BytesView(&kRevoked, 1), {}, kScanLimit, [&](const sdk::RecordView& record) {
        auto revocation = decode_revocation(record.key.subspan(1), record.value);
        damaged = !revocation;
        if (!damaged) all.push_back(std::move(*revocation));
        return !damaged;
      });
  return outcome == sdk::Outcome::Ok && damaged ? sdk::Outcome::Internal : outcome;
}

sdk::Outcome Ledger::take_crl_number(pki::BytesView authority_key_id, std::uint64_t least,
                                     std::uint64_t& number) const {
  const pki::Bytes key = store_key(kCrlNumber, authority_key_id);
  sdk::Record last;
  const sdk::Outcome found = store_.get(key, last);
  if (found != sdk::Outcome::Ok && found != sdk::Outcome::Rejected) return found;
  if (found == sdk::Outcome::Ok && last.value.size() != kNumberSize) return sdk::Outcome::Internal;
  number = found == sdk::Outcome::Ok ? std::max(least, number_in(last.value) + 1) : least;
  pki::Bytes value;
  append_number(value, number);
  return store_.commit({found == sdk::Outcome::Ok ? sdk::update_record(key, last.revision, value)
                                                  : sdk::insert_record(key, value)});
}

}  // namespace certspan::ca_local
