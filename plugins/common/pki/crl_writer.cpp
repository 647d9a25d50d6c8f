#include "plugins/common/pki/crl_writer.hpp"

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/distribution_points.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

constexpr std::uint32_t kCrlVersion2 = 1;
constexpr std::size_t kNamelessSize = 2;  // 30 00
constexpr std::uint8_t kEnumerated = 0x0A;

Result<void> check_crl(const CrlTemplate& what) {
  if (what.next_update <= what.this_update)
    return fault(FaultKind::Policy, "crl: would end before it begins");
  if (what.issuer.size() <= kNamelessSize) return fault(FaultKind::Policy, "crl: the issuer has no name");
  return {};
}

void write_crl_extensions(DerWriter& writer, const CrlTemplate& what) {
  writer.begin(tag::context_constructed(0)).begin(tag::kSequence);
  write_extension(writer, oids::kAuthorityKeyIdentifier, false, [&](DerWriter& value) {
    value.begin(tag::kSequence).primitive(tag::context(0), what.authority_key_id).end();
  });
  write_extension(writer, oids::kCrlNumber, false, [&](DerWriter& value) { value.integer(what.number); });
  if (what.base_number) {
    write_extension(writer, oids::kDeltaCrlIndicator, true,
                    [&](DerWriter& value) { value.integer(*what.base_number); });
  }
  if (!what.partition_urls.empty()) write_issuing_distribution_point(writer, what.partition_urls);
  write_distribution_points(writer, oids::kFreshestCrl, what.delta_urls);
  writer.end().end();
}

}  // namespace

Result<void> CrlEntries::add(const RevokedCertificate& revoked) {
  // 7 is no reason (RFC 5280 5.3.1).
  if (revoked.reason > kLargestCrlReason || revoked.reason == 7)
    return fault(FaultKind::Policy, "crl: there is no reason " + std::to_string(revoked.reason));
  writer_.begin(tag::kSequence).unsigned_integer(revoked.serial).time(revoked.at);
  if (revoked.reason != 0) {
    writer_.begin(tag::kSequence);
    write_extension(writer_, oids::kCrlReason, false,
                    [&](DerWriter& value) { value.primitive(kEnumerated, BytesView(&revoked.reason, 1)); });
    writer_.end();
  }
  writer_.end();
  return {};
}

Result<Bytes> write_crl(const CrlTemplate& what, const PrivateKey& issuer_key) {
  CERTSPAN_PKI_CHECK(check_crl(what));
  constexpr std::size_t kAround = 1024;
  DerWriter writer(kAround + what.entries.size());
  writer.begin(tag::kSequence).integer(kCrlVersion2);
  write_signature_algorithm(writer, issuer_key.default_algorithm());
  writer.raw(what.issuer).time(what.this_update).time(what.next_update);
  // The field is absent where there are none (RFC 5280 5.1.2.6).
  if (!what.entries.empty()) writer.primitive(tag::kSequence, what.entries);
  write_crl_extensions(writer, what);
  return sign_and_frame(writer.end().take(), issuer_key);
}

}  // namespace certspan::pki
