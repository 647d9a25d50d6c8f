#include "plugins/common/pki/crl_writer.hpp"

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/der_writer.hpp"
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
  for (const RevokedCertificate& entry : what.revoked) {
    // 7 is no reason (RFC 5280 5.3.1).
    if (entry.reason > kLargestCrlReason || entry.reason == 7)
      return fault(FaultKind::Policy, "crl: there is no reason " + std::to_string(entry.reason));
  }
  return {};
}

void write_revoked(DerWriter& writer, const std::vector<RevokedCertificate>& revoked) {
  if (revoked.empty()) return;  // the field is absent then (RFC 5280 5.1.2.6)
  writer.begin(tag::kSequence);
  for (const RevokedCertificate& entry : revoked) {
    writer.begin(tag::kSequence).unsigned_integer(entry.serial).time(entry.at);
    if (entry.reason != 0) {
      writer.begin(tag::kSequence);
      write_extension(writer, oids::kCrlReason, false,
                      [&](DerWriter& value) { value.primitive(kEnumerated, BytesView(&entry.reason, 1)); });
      writer.end();
    }
    writer.end();
  }
  writer.end();
}

void write_crl_extensions(DerWriter& writer, const CrlTemplate& what) {
  writer.begin(tag::context_constructed(0)).begin(tag::kSequence);
  write_extension(writer, oids::kAuthorityKeyIdentifier, false, [&](DerWriter& value) {
    value.begin(tag::kSequence).primitive(tag::context(0), what.authority_key_id).end();
  });
  write_extension(writer, oids::kCrlNumber, false, [&](DerWriter& value) { value.integer(what.number); });
  writer.end().end();
}

}  // namespace

Result<Bytes> write_crl(const CrlTemplate& what, const PrivateKey& issuer_key) {
  CERTSPAN_PKI_CHECK(check_crl(what));
  constexpr std::size_t kHead = 512;
  constexpr std::size_t kEntry = 64;
  DerWriter writer(kHead + what.revoked.size() * kEntry);
  writer.begin(tag::kSequence).integer(kCrlVersion2);
  write_signature_algorithm(writer, issuer_key.default_algorithm());
  writer.raw(what.issuer).time(what.this_update).time(what.next_update);
  write_revoked(writer, what.revoked);
  write_crl_extensions(writer, what);
  return sign_and_frame(writer.end().take(), issuer_key);
}

}  // namespace certspan::pki
