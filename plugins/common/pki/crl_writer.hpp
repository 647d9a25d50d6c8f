// Writes certificate revocation lists (RFC 5280 section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// CRLReason, RFC 5280 5.3.1; 0 is "unspecified", which a CRL leaves out.
inline constexpr std::uint8_t kLargestCrlReason = 10;

struct RevokedCertificate {
  BytesView serial;     // magnitude
  std::int64_t at = 0;  // seconds since 1970
  std::uint8_t reason = 0;
};

// The entries of a list, encoded as they come: a million of them take some 50 MB and nothing beside.
class CrlEntries {
 public:
  // Fault: Policy, there is no such reason.
  Result<void> add(const RevokedCertificate& revoked);
  // Their octets one after another.
  BytesView view() const { return writer_.view(); }

 private:
  DerWriter writer_;
};

// What a CRL of one key shall say. All views are borrowed for the call.
struct CrlTemplate {
  BytesView issuer;              // Name DER: the CA certificate's subject bytes
  BytesView authority_key_id;    // the CA's subject key identifier
  std::uint64_t number = 0;      // never goes back
  std::int64_t this_update = 0;  // seconds since 1970
  std::int64_t next_update = 0;  // the next one is there by then
  BytesView entries;             // CrlEntries::view
  // Of a delta: the number of the whole list that it goes with (5.2.4).
  std::optional<std::uint64_t> base_number;
  // Of a part: where it is fetched, as its certificates name it (5.2.5). Empty: the list of all certificates.
  std::vector<std::string> partition_urls;
  // Of a whole list: where its deltas are fetched (5.2.6).
  std::vector<std::string> delta_urls;
};

// Writes and signs a version 2 CertificateList, DER. Thread-safe. Faults: Policy for a list that would end
// before it begins, or an issuer without a name; Internal.
Result<Bytes> write_crl(const CrlTemplate& what, const PrivateKey& issuer_key);

}  // namespace certspan::pki
