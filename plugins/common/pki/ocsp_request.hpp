// Reads OCSP requests (RFC 6960 section 4.1).
#pragma once

#include <array>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// Whose status is asked for. All views point into what was parsed.
struct CertId {
  BytesView whole;  // DER, as an answer repeats it
  Digest digest = Digest::Sha1;
  BytesView issuer_name_hash;
  BytesView issuer_key_hash;
  BytesView serial;  // magnitude without leading zero octets; empty for zero
};

// Faults: Malformed; UnsupportedAlgorithm for a hash other than SHA-1, SHA-256, SHA-384 and SHA-512.
Result<CertId> parse_cert_id(BytesView der);

// The name and key of one CA, hashed in every way that a CertID may name them. Immutable, thread-safe.
class OcspIssuer {
 public:
  // Fault: Malformed, the certificate's key can't be read.
  static Result<OcspIssuer> make(const Certificate& ca);
  bool is_named_by(const CertId& id) const;

 private:
  struct Hashes {
    DigestValue name;
    DigestValue key;
  };
  std::array<Hashes, 4> by_digest_;
};

inline constexpr std::size_t kMostCertIds = 32;
inline constexpr std::size_t kLongestNonce = 128;  // RFC 9654 2.1

struct OcspRequest {
  std::vector<CertId> cert_ids;  // at least one
  BytesView nonce;               // the extension's value as it came; empty if there is none
};

// A signature and a requestor's name are passed over: everybody gets the same answer. Faults: Malformed, also
// for a nonce of no or more than 128 octets and for a critical extension that is not known; TooLarge for more
// than kMostCertIds; as parse_cert_id.
Result<OcspRequest> parse_ocsp_request(BytesView der);

}  // namespace certspan::pki
