// Writes OCSP responses (RFC 6960 section 4.2).
#pragma once

#include <cstdint>
#include <span>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// CertStatus, DER. `at`: seconds since 1970; a reason of 0, unspecified, is left out.
Bytes ocsp_good();
Bytes ocsp_unknown();
Bytes ocsp_revoked(std::int64_t at, std::uint8_t reason);

// OCSPResponseStatus of what is no answer; nobody signs it.
enum class OcspError : std::uint8_t {
  MalformedRequest = 1,
  InternalError = 2,
  TryLater = 3,
  Unauthorized = 6,  // no authority about this certificate (RFC 6960 2.3)
};
Bytes write_ocsp_error(OcspError error);

struct OcspSingle {
  BytesView cert_id;  // CertID DER, as it was asked
  Bytes status;       // CertStatus DER
};

// All views are borrowed for the call. Times are seconds since 1970.
struct OcspTemplate {
  BytesView certificate;  // of the responder, DER; goes along for clients to check
  std::int64_t produced_at = 0;
  std::int64_t this_update = 0;
  std::int64_t next_update = 0;
  std::span<const OcspSingle> singles;
  BytesView nonce;  // the extension's value as it was asked; empty for none
};

// A signed BasicOCSPResponse in its OCSPResponse, DER; the responder is named by its key. Thread-safe.
// Faults: Internal, Unavailable.
Result<Bytes> write_ocsp_response(const OcspTemplate& what, const PrivateKey& key);

}  // namespace certspan::pki
