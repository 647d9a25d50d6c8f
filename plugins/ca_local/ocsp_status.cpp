#include "plugins/ca_local/ocsp_status.hpp"

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/ocsp_response.hpp"

namespace certspan::ca_local {

sdk::Outcome ocsp_status(const Ledger& ledger, const Authority& authority, const pki::CertId& id,
                         pki::Bytes& status) {
  using sdk::Outcome;
  status = pki::ocsp_unknown();
  LedgerRecord record;
  const Outcome found = ledger.find_by_serial(id.serial, record);
  if (found == Outcome::Rejected) return Outcome::Ok;
  const auto certificate = found == Outcome::Ok
                               ? pki::Certificate::parse(record.certificate)
                               : pki::Result<pki::Certificate>(pki::fault(pki::FaultKind::Unavailable, ""));
  if (!certificate) return Outcome::Unavailable;
  // Another key of this connector's may have signed it, under the same name.
  if (!pki::equal(certificate->authority_key_identifier(), authority.key_identifier())) return Outcome::Ok;
  if (record.state == CertificateState::Good) {
    status = pki::ocsp_good();
    return Outcome::Ok;
  }
  Revocation revocation;
  if (ledger.find_revocation(record.serial, revocation) != Outcome::Ok) return Outcome::Unavailable;
  status = pki::ocsp_revoked(revocation.at, revocation.reason);
  return Outcome::Ok;
}

}  // namespace certspan::ca_local
