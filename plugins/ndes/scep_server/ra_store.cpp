#include "plugins/ndes/scep_server/ra_store.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <openssl/crypto.h>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"

namespace certspan::scep {
namespace {

// Records are named by a number that rises: "ra/00000001".
constexpr std::string_view kPrefix = "ra/";
constexpr std::size_t kDigits = 8;
constexpr std::uint64_t kMostRecords = 64;

struct Stored {
  std::string name;
  RaIdentity ra;
};

std::string name_after(const std::vector<Stored>& stored) {
  const std::uint64_t last =
      stored.empty() ? 0 : std::stoull(stored.back().name.substr(kPrefix.size()), nullptr, 10);
  std::string digits = std::to_string(last + 1);
  digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
  return std::string(kPrefix) + digits;
}

bool is_name(std::string_view name) {
  return name.size() == kPrefix.size() + kDigits && name.starts_with(kPrefix) &&
         name.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

// SEQUENCE { certificate OCTET STRING, key OCTET STRING (PKCS #8, PEM) }
pki::Result<RaIdentity> read_ra(pki::BytesView value) {
  pki::DerReader outer(value, "stored RA");
  CERTSPAN_PKI_TRY(pki::DerReader reader, outer.enter(pki::tag::kSequence, "stored RA"));
  CERTSPAN_PKI_TRY(const pki::BytesView der, reader.octet_string());
  CERTSPAN_PKI_TRY(const pki::BytesView key, reader.octet_string());
  CERTSPAN_PKI_TRY(pki::Certificate certificate, pki::Certificate::parse(der));
  return make_ra_identity(std::move(certificate), key);
}

pki::Result<std::vector<Stored>> read_all(const sdk::Store& store) {
  std::vector<Stored> stored;
  pki::Result<void> sound;
  const auto outcome =
      store.scan(sdk::bytes_of(kPrefix), {}, kMostRecords, [&](const sdk::RecordView& record) {
        const std::string_view name(reinterpret_cast<const char*>(record.key.data()), record.key.size());
        if (!is_name(name)) return true;
        auto ra = read_ra(record.value);
        if (ra) {
          stored.push_back({std::string(name), std::move(*ra)});
        } else {
          sound = pki::fault(ra.error().kind, "record \"" + std::string(name) +
                                                  "\" of the store is no RA: " + ra.error().message);
        }
        return sound.has_value();
      });
  if (outcome != sdk::Outcome::Ok)
    return pki::fault(pki::FaultKind::Unavailable, "the connector's store can't be read");
  CERTSPAN_PKI_CHECK(sound);
  return stored;
}

}  // namespace

pki::Result<std::vector<RaIdentity>> read_ras(const sdk::Store& store) {
  CERTSPAN_PKI_TRY(std::vector<Stored> stored, read_all(store));
  std::vector<RaIdentity> ras;
  ras.reserve(stored.size());
  for (Stored& each : stored) ras.push_back(std::move(each.ra));
  return ras;
}

pki::Result<void> add_ra(const sdk::Store& store, const RaIdentity& ra) {
  CERTSPAN_PKI_TRY(const std::vector<Stored> stored, read_all(store));
  CERTSPAN_PKI_TRY(const auto pem, ra.key->to_pem());
  const std::string name = name_after(stored);
  pki::DerWriter writer;
  writer.begin(pki::tag::kSequence).octet_string(ra.certificate.der()).octet_string(pem.reveal()).end();
  pki::Bytes value = writer.take();
  std::vector<sdk::StoreWrite> writes = {sdk::insert_record(sdk::bytes_of(name), value)};
  writes.reserve(1 + stored.size());
  for (std::size_t i = 0; i + kKeptRas <= stored.size(); ++i)
    writes.push_back(sdk::erase_record(sdk::bytes_of(stored[i].name)));
  const auto outcome = store.commit(writes);
  OPENSSL_cleanse(value.data(), value.size());
  if (outcome == sdk::Outcome::Ok) return {};
  return pki::fault(pki::FaultKind::Unavailable, "the new RA can't be written to the connector's store");
}

}  // namespace certspan::scep
