// Writes certificates (RFC 5280 to the byte) and PKCS #10 requests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// A serial number of at most 20 octets. From random octets: positive, not zero, the same octets else.
using RandomSerial = std::array<std::uint8_t, 16>;
Bytes make_serial(const RandomSerial& random);

// What a certificate shall say. Names and key are DER that is copied as it is. All views are borrowed for the
// call.
struct CertificateTemplate {
  Bytes serial;                    // magnitude, see make_serial
  BytesView issuer;                // Name DER: the issuer certificate's subject bytes
  BytesView subject;               // Name DER
  BytesView spki;                  // SubjectPublicKeyInfo DER
  std::int64_t not_before = 0;     // seconds since 1970
  std::int64_t not_after = 0;      // the last second in which it is valid
  BytesView authority_key_id;      // the issuer's subject key identifier; empty leaves the extension out
  KeyIdentifier subject_key_id{};  // PublicKey::key_identifier()
  bool ca = false;
  std::optional<std::uint32_t> path_length;  // only with `ca`
  KeyUsage key_usage = 0;                    // critical; 0 leaves the extension out
  std::vector<Oid> extended_key_usage;       // not critical; empty leaves the extension out
  BytesView subject_alt_names;               // GeneralNames DER; critical exactly if the subject is empty
  std::vector<std::string> ocsp_urls;        // authorityInfoAccess
  std::vector<std::string> ca_issuers_urls;  // authorityInfoAccess
  std::vector<std::string> crl_urls;         // cRLDistributionPoints, one point each
  std::vector<Extension> extra_extensions;   // written last, as they are
};

// Writes and signs. Thread-safe. Faults: Policy for a template that RFC 5280 does not allow (validity that
// ends before it begins, empty subject without alternative name, empty issuer), Internal.
Result<Bytes> write_certificate(const CertificateTemplate& what, const PrivateKey& issuer_key);

// SEQUENCE { toBeSigned, algorithm, signature }: the frame of certificates, requests and CRLs alike. Fault:
// Internal.
Result<Bytes> sign_and_frame(BytesView to_be_signed, const PrivateKey& key);

// What a request shall ask for. The extension values stand in an extensionRequest attribute.
struct RequestTemplate {
  BytesView subject;  // Name DER
  bool ca = false;
  KeyUsage key_usage = 0;
  std::vector<Oid> extended_key_usage;
  BytesView subject_alt_names;     // GeneralNames DER
  std::string challenge_password;  // empty for none
};

// A request for the key's own public half.
Result<Bytes> write_certificate_request(const RequestTemplate& what, const PrivateKey& key);

}  // namespace certspan::pki
