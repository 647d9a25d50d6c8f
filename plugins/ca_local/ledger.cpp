#include "plugins/ca_local/ledger.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "plugins/ca_local/ledger_keys.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/crl_writer.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::ca_local {

namespace {

using namespace ledger_keys;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderSize = 3;
constexpr std::size_t kMaxSerial = 20;  // RFC 5280 4.1.2.2

constexpr std::uint8_t kKeyCompromise = 1;
constexpr std::uint8_t kHold = 6;
constexpr std::uint8_t kRelease = 8;

bool is_reason(std::uint32_t reason) {
  return reason <= pki::kLargestCrlReason && reason != 7;
}

constexpr std::size_t kRevocationHead = 2 + kNumberSize;

pki::Bytes compromised_key(pki::BytesView spki) {
  return store_key(kCompromised, pki::sha256(spki));
}

/// Nothing is revoked before it began to count, whatever the order says.
Revocation revocation_of(const pki::Certificate& certificate, std::uint32_t reason, std::int64_t at) {
  return {.serial = pki::to_bytes(certificate.serial()),
          .authority_key_id = pki::to_bytes(certificate.authority_key_identifier()),
          .at = std::max(at, certificate.not_before()),
          .reason = static_cast<std::uint8_t>(reason),
          .not_after = certificate.not_after()};
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
  return Revocation{pki::to_bytes(serial), pki::to_bytes(stored.subspan(kRevocationHead)), at, stored[1], 0};
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

sdk::Outcome Ledger::find_key(pki::BytesView certificate, pki::Bytes& item_key) const {
  const auto outline = pki::read_certificate_outline(certificate);
  if (!outline) return sdk::Outcome::Rejected;
  sdk::Record reference;
  const sdk::Outcome known =
      store_.get(store_key(kBySerial, without_leading_zeros(outline->serial)), reference);
  if (known != sdk::Outcome::Ok) return known;
  LedgerRecord record;
  const sdk::Outcome found = find_by_key(reference.value, record);
  if (found == sdk::Outcome::Ok && !pki::equal(record.certificate, certificate))
    return sdk::Outcome::Rejected;
  item_key = std::move(reference.value);
  return found == sdk::Outcome::Rejected ? sdk::Outcome::Internal : found;
}

sdk::Outcome Ledger::add(pki::BytesView item_key, const LedgerRecord& record) const {
  const pki::Bytes by_item = store_key(kByItem, item_key);
  const pki::Bytes by_serial = store_key(kBySerial, without_leading_zeros(record.serial));
  const pki::Bytes stored = encode_record(record);
  return store_.commit({sdk::insert_record(by_item, stored), sdk::insert_record(by_serial, item_key)});
}

Ledger::Revoked Ledger::revoke(pki::BytesView item_key, std::uint32_t reason, RevocationTimes times,
                               sdk::Outcome& outcome) const {
  if (!is_reason(reason)) return Revoked::NoReason;
  sdk::Record issued;
  outcome = store_.get(store_key(kByItem, item_key), issued);
  if (outcome == sdk::Outcome::Rejected) return Revoked::Unknown;
  if (outcome != sdk::Outcome::Ok) return Revoked::Failed;
  auto record = decode_record(issued.value);
  const auto certificate = record ? pki::Certificate::parse(record->certificate)
                                  : pki::Result<pki::Certificate>(tl::unexpected(record.error()));
  if (!certificate) {
    outcome = sdk::Outcome::Internal;
    return Revoked::Failed;
  }
  const bool was_revoked = record->state == CertificateState::Revoked;
  Revocation known;
  outcome = was_revoked ? find_revocation(record->serial, known) : sdk::Outcome::Rejected;
  if (outcome != sdk::Outcome::Ok && outcome != sdk::Outcome::Rejected) return Revoked::Failed;
  const bool is_held = was_revoked && known.reason == kHold;
  if (reason == kRelease && was_revoked && !is_held) return Revoked::NotHeld;
  Revocation next = revocation_of(*certificate, reason, times.at);
  // What becomes final was revoked from the day of the hold on.
  if (is_held) next.at = known.at;
  const bool changes = reason == kRelease ? is_held : !was_revoked || (is_held && reason != kHold);
  if (changes) {
    outcome = write_revocation(issued, std::move(*record), next, certificate->spki(), times.now);
  } else {
    // A key may get into other hands long after its certificate was replaced.
    const pki::Bytes lost = compromised_key(certificate->spki());
    outcome = reason == kKeyCompromise ? store_.commit({sdk::put_record(lost, {})}) : sdk::Outcome::Ok;
  }
  return outcome == sdk::Outcome::Ok ? Revoked::Done : Revoked::Failed;
}

/// Ledger, list of what is revoked, its mark and the keys in other hands change together.
sdk::Outcome Ledger::write_revocation(const sdk::Record& issued, LedgerRecord record,
                                      const Revocation& revocation, pki::BytesView spki,
                                      std::int64_t now) const {
  const bool released = revocation.reason == kRelease;
  record.state = released ? CertificateState::Good : CertificateState::Revoked;
  const pki::Bytes stored = encode_record(record);
  const pki::Bytes key = store_key(kRevoked, without_leading_zeros(revocation.serial));
  const pki::Bytes listed = encode_revocation(revocation);
  const pki::Bytes end_key = store_key(kEnd, without_leading_zeros(revocation.serial));
  pki::Bytes end;
  append_number(end, static_cast<std::uint64_t>(revocation.not_after));
  const pki::Bytes mark = {kMark};
  const pki::Bytes lost = compromised_key(spki);
  const pki::Bytes change = change_key(now, without_leading_zeros(revocation.serial));
  std::vector<sdk::StoreWrite> writes = {sdk::update_record(issued.key, issued.revision, stored),
                                         released ? sdk::erase_record(key) : sdk::put_record(key, listed),
                                         sdk::put_record(end_key, end), sdk::put_record(mark, {}),
                                         sdk::put_record(change, revocation.authority_key_id)};
  if (revocation.reason == kKeyCompromise) writes.push_back(sdk::put_record(lost, {}));
  return store_.commit(writes);
}

sdk::Outcome Ledger::find_revocation(pki::BytesView serial, Revocation& revocation) const {
  const pki::BytesView number = without_leading_zeros(serial);
  sdk::Record stored;
  const sdk::Outcome found = store_.get(store_key(kRevoked, number), stored);
  if (found != sdk::Outcome::Ok) return found;
  auto decoded = decode_revocation(number, stored.value);
  if (!decoded) return sdk::Outcome::Internal;
  revocation = std::move(*decoded);
  return sdk::Outcome::Ok;
}

sdk::Outcome Ledger::find_compromised(pki::BytesView spki) const {
  sdk::Record stored;
  return store_.get(compromised_key(spki), stored);
}

sdk::Outcome Ledger::find_any_compromised() const {
  bool any = false;
  const sdk::Outcome outcome =
      store_.scan(pki::BytesView(&kCompromised, 1), {}, 1, [&](const sdk::RecordView&) {
        any = true;
        return false;
      });
  return outcome != sdk::Outcome::Ok || any ? outcome : sdk::Outcome::Rejected;
}

}  // namespace certspan::ca_local
