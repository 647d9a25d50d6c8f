#include "plugins/ca_local/outside_cas.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::ca_local {

namespace {

constexpr std::uint8_t kOutside = 'o';  // first octet of a store key, beside those of the ledger

/// The issuer's name as it stands in the certificates, and the serial number.
pki::Bytes outside_key(pki::BytesView issuer, pki::BytesView serial) {
  const auto name = pki::sha256(issuer);
  pki::Bytes key;
  key.reserve(1 + name.size() + serial.size());
  key.push_back(kOutside);
  key.insert(key.end(), name.begin(), name.end());
  key.insert(key.end(), serial.begin(), serial.end());
  return key;
}

pki::BytesView serial_number(pki::BytesView serial) {
  const auto first = std::ranges::find_if(serial, [](std::uint8_t octet) { return octet != 0; });
  return serial.subspan(static_cast<std::size_t>(first - serial.begin()));
}

/// One record that an import writes.
struct OutsideWrite {
  pki::Bytes key;
  std::uint64_t revision = 0;
  pki::Bytes value;
};

sdk::Outcome commit_all(const sdk::Store& store, const std::vector<OutsideWrite>& writes) {
  if (writes.empty()) return sdk::Outcome::Ok;
  std::vector<sdk::StoreWrite> all;
  all.reserve(writes.size());
  for (const OutsideWrite& write : writes)
    all.push_back(sdk::update_record(write.key, write.revision, write.value));
  return store.commit(all);
}

}  // namespace

std::string_view to_string(Imported what) {
  switch (what) {
    case Imported::New:
      return "imported";
    case Imported::Known:
      return "known";
    case Imported::Expired:
      return "expired";
    case Imported::OtherIssuer:
      return "other_issuer";
    case Imported::Unfit:
      return "unfit";
    case Imported::Unreadable:
      break;
  }
  return "unreadable";
}

std::vector<pki::Certificate> load_outside(const RenewFrom& settings, sdk::Faults& faults) {
  std::vector<pki::Certificate> all;
  for (std::size_t i = 0; i < settings.certificate_files.size(); ++i) {
    const std::string& file = settings.certificate_files[i];
    const std::string pointer = "/renew_from/certificate_files/" + std::to_string(i);
    const auto pem = read_certificate_file(file, pointer, faults);
    if (!pem) continue;
    auto certificates = pki::load_certificates(*pem);
    if (!certificates) {
      faults.add(pointer, file + ": " + certificates.error().message);
      continue;
    }
    for (pki::Certificate& certificate : *certificates) {
      if (!certificate.is_ca()) {
        faults.add(pointer, file + ": \"" + pki::printable_name(certificate.subject()) + "\" is no CA");
      } else {
        all.push_back(std::move(certificate));
      }
    }
  }
  return all;
}

OutsideCas::OutsideCas(sdk::Store store, const RenewFrom& settings, sdk::Faults& faults)
    : store_(store), certificates_(load_outside(settings, faults)), until_(settings.until) {}

const pki::Certificate* OutsideCas::issuer_of(const pki::Certificate& certificate) const {
  const auto found = std::ranges::find_if(certificates_, [&](const pki::Certificate& ca) {
    return certificate.verify_issued_by(ca).has_value();
  });
  return found == certificates_.end() ? nullptr : &*found;
}

sdk::Outcome OutsideCas::find(pki::BytesView issuer, pki::BytesView serial, LedgerRecord& record) const {
  sdk::Record stored;
  const sdk::Outcome outcome = store_.get(outside_key(issuer, serial_number(serial)), stored);
  if (outcome != sdk::Outcome::Ok) return outcome;
  auto decoded = decode_record(stored.value);
  if (!decoded) return sdk::Outcome::Internal;
  // A CA that was taken out of the settings vouches for nobody any more.
  const auto certificate = pki::Certificate::parse(decoded->certificate);
  if (!certificate) return sdk::Outcome::Internal;
  if (issuer_of(*certificate) == nullptr) return sdk::Outcome::Rejected;
  record = std::move(*decoded);
  return sdk::Outcome::Ok;
}

Imported OutsideCas::judge(const pki::Certificate& certificate, std::int64_t now) const {
  if (certificate.is_ca() || certificate.serial().empty()) return Imported::Unfit;
  const bool named = std::ranges::any_of(certificates_, [&](const pki::Certificate& ca) {
    return pki::names_equal(ca.subject(), certificate.issuer());
  });
  if (!named) return Imported::OtherIssuer;
  if (certificate.not_after() < now) return Imported::Expired;
  for (const pki::Certificate& ca : certificates_) {
    const auto verified = certificate.verify_issued_by(ca);
    if (verified) return Imported::New;
    if (verified.error().kind == pki::FaultKind::UnsupportedAlgorithm) return Imported::Unfit;
  }
  return Imported::OtherIssuer;
}

sdk::Outcome OutsideCas::import(const std::vector<pki::Bytes>& ders, CertificateState as, bool dry_run,
                                std::int64_t now, std::vector<Imported>& results) const {
  std::vector<OutsideWrite> writes;
  std::set<pki::Bytes> seen;
  for (const pki::Bytes& der : ders) {
    const auto certificate = pki::Certificate::parse(der);
    results.push_back(certificate ? judge(*certificate, now) : Imported::Unreadable);
    if (results.back() != Imported::New) continue;
    pki::Bytes key = outside_key(certificate->issuer(), certificate->serial());
    if (!seen.insert(key).second) {
      results.back() = Imported::Known;
      continue;
    }
    sdk::Record stored;
    const sdk::Outcome outcome = store_.get(key, stored);
    if (outcome != sdk::Outcome::Ok && outcome != sdk::Outcome::Rejected) return outcome;
    const auto there = decode_record(stored.value);
    const bool is_there = outcome == sdk::Outcome::Ok && there;
    if (is_there && (there->state == as || there->state == CertificateState::Revoked)) {
      results.back() = Imported::Known;
      continue;
    }
    writes.push_back(
        {std::move(key), stored.revision, encode_record({as, pki::to_bytes(certificate->serial()), der})});
  }
  return dry_run ? sdk::Outcome::Ok : commit_all(store_, writes);
}

}  // namespace certspan::ca_local
