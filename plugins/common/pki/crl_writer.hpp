// Writes certificate revocation lists (RFC 5280 section 5).
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// CRLReason, RFC 5280 5.3.1; 0 is "unspecified", which a CRL leaves out.
inline constexpr std::uint8_t kLargestCrlReason = 10;

struct RevokedCertificate {
  Bytes serial;         // magnitude
  std::int64_t at = 0;  // seconds since 1970
  std::uint8_t reason = 0;
};

// What a full CRL of one key shall say. All views are borrowed for the call.
struct CrlTemplate {
  BytesView issuer;              // Name DER: the CA certificate's subject bytes
  BytesView authority_key_id;    // the CA's subject key identifier
  std::uint64_t number = 0;      // never goes back
  std::int64_t this_update = 0;  // seconds since 1970
  std::int64_t next_update = 0;  // the next one is there by then
  std::vector<RevokedCertificate> revoked;
};

// Writes and signs a version 2 CertificateList, DER. Thread-safe. Faults: Policy for a list that would end
// before it begins, an issuer without a name or a reason that there is not; Internal.
Result<Bytes> write_crl(const CrlTemplate& what, const PrivateKey& issuer_key);

}  // namespace certspan::pki
