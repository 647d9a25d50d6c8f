// PKCS #10 certificate requests (RFC 2986), read by our own strict parser.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oid.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

struct RequestOptions {
  std::size_t max_size = 64UL * 1024;  // octets of DER
  bool danger_allow_sha1 = false;      // accept requests that are signed with SHA-1
};

// An attribute that has no meaning here; `values` is the whole SET of its values.
struct RequestAttribute {
  Oid type;
  BytesView values;
};

// A request whose signature was verified with its own key: there is no other way to get one.
// Owns its bytes and wipes them, since they hold the challenge in clear. Views point into the object and live
// as long as it does; moving keeps them valid. Immutable, so reading from several threads is fine.
class CertificateRequest {
 public:
  CertificateRequest(CertificateRequest&&) noexcept = default;
  CertificateRequest& operator=(CertificateRequest&&) noexcept = default;

  // The request as it came. A secret (see above).
  BytesView der() const { return der_.reveal(); }
  // The subject Name as DER, to be copied into a certificate unchanged.
  BytesView subject() const { return subject_; }
  BytesView spki() const { return key_->spki(); }
  const PublicKey& public_key() const { return *key_; }
  SignatureAlgorithm signature_algorithm() const { return algorithm_; }
  // The challengePassword as UTF-8; nullptr if the request has none.
  const SecretBytes* challenge_password() const { return challenge_ ? &*challenge_ : nullptr; }
  // What extensionRequest and Microsoft's older attribute of the same meaning ask for, together.
  std::span<const Extension> extensions() const { return extensions_; }
  std::span<const RequestAttribute> other_attributes() const { return other_attributes_; }

 private:
  friend class UnverifiedRequest;
  CertificateRequest() = default;

  SecretBytes der_;
  BytesView info_;
  BytesView subject_;
  BytesView spki_view_;
  BytesView signature_;
  SignatureAlgorithm algorithm_;
  std::optional<PublicKey> key_;
  std::optional<SecretBytes> challenge_;
  std::vector<Extension> extensions_;
  std::vector<RequestAttribute> other_attributes_;
};

// Reads a request and verifies its signature, unless this very request was verified in this process before.
// The attributes need not be in DER order (strongSwan 5.9.8 writes them unsorted); everything else is strict
// DER. Copies `der`. Faults: Malformed, TooLarge, UnsupportedAlgorithm, BadSignature.
Result<CertificateRequest> parse_certificate_request(BytesView der, const RequestOptions& options = {});

// The same in two steps, for who needs to compare the key before it is used (scep_message does).
class UnverifiedRequest {
 public:
  static Result<UnverifiedRequest> parse(BytesView der, const RequestOptions& options = {});

  // The whole SubjectPublicKeyInfo, not yet known to be a valid key.
  BytesView spki() const { return request_.spki_view_; }
  // Verifies with `key`, which must be the decoded form of `spki()`: always, so that the time tells nothing.
  Result<CertificateRequest> verify_with(PublicKey key) &&;

 private:
  friend Result<CertificateRequest> parse_certificate_request(BytesView der, const RequestOptions& options);
  UnverifiedRequest() = default;
  // In this process, this very request.
  bool was_verified() const;
  CertificateRequest once_verified(PublicKey key) &&;
  CertificateRequest request_;
};

}  // namespace certspan::pki
