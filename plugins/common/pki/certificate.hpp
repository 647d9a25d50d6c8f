// X.509 certificates (RFC 5280), read by our own strict parser.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// A v3 certificate taken apart (v1 is read as one without extensions). Parsing says nothing about trust: ask
// `verify_issued_by`. Owns its bytes; views point into them and stay valid when the object is moved.
// Immutable.
class Certificate {
 public:
  static constexpr std::size_t kMaxSize = 64UL * 1024;

  // Copies `der`. Faults: Malformed, TooLarge.
  static Result<Certificate> parse(BytesView der);

  Certificate(Certificate&&) noexcept = default;
  Certificate& operator=(Certificate&&) noexcept = default;

  BytesView der() const { return der_; }
  // Magnitude of the serial number, without a leading zero octet.
  BytesView serial() const { return serial_; }
  std::string serial_hex() const { return to_hex(serial_); }
  BytesView issuer() const { return issuer_; }             // Name DER
  BytesView subject() const { return subject_; }           // Name DER
  std::int64_t not_before() const { return not_before_; }  // seconds since 1970
  std::int64_t not_after() const { return not_after_; }
  BytesView spki() const { return spki_; }
  // Decodes the key; keep the answer where it is needed often.
  Result<PublicKey> public_key() const { return PublicKey::parse(spki_); }
  std::span<const Extension> extensions() const { return extensions_; }
  Sha256Value fingerprint() const { return sha256(der_); }

  // Values of extensions; nullopt if the certificate has none of that kind, a fault if it is malformed.
  Result<std::optional<KeyUsage>> key_usage() const;
  Result<std::optional<std::vector<Oid>>> extended_key_usage() const;
  Result<std::optional<BasicConstraints>> basic_constraints() const;
  Result<std::optional<std::vector<GeneralName>>> subject_alt_names() const;
  // Key identifiers; empty if there are none.
  BytesView subject_key_identifier() const { return subject_key_identifier_; }
  BytesView authority_key_identifier() const { return authority_key_identifier_; }

  // Issuer and subject are the same name.
  bool is_self_issued() const;
  bool is_ca() const;

  // Whether `issuer` is a CA certificate that signed this one: names chain, key identifiers fit where both
  // are there, CA:TRUE and keyCertSign, and the signature verifies (not with SHA-1). Validity in time is not
  // looked at. Faults: Policy with the reason, BadSignature, UnsupportedAlgorithm.
  Result<void> verify_issued_by(const Certificate& issuer) const;

 private:
  Certificate() = default;
  Result<void> read_tbs(DerReader tbs);

  Bytes der_;
  BytesView tbs_;
  BytesView serial_;
  BytesView issuer_;
  BytesView subject_;
  BytesView spki_;
  BytesView algorithm_;
  BytesView signature_;
  BytesView subject_key_identifier_;
  BytesView authority_key_identifier_;
  std::int64_t not_before_ = 0;
  std::int64_t not_after_ = 0;
  std::vector<Extension> extensions_;
};

// The few fields that naming a certificate and using its key need, read without judging the rest: SCEP
// clients sign with self-made certificates whose serial, validity and extensions break rules. Views point
// into `der`.
struct CertificateOutline {
  BytesView serial;  // content octets of the INTEGER, as they stand
  BytesView issuer;  // Name DER
  BytesView subject;
  BytesView spki;
};
Result<CertificateOutline> read_certificate_outline(BytesView der);

// IssuerAndSerialNumber of CMS (RFC 5652 10.2.4).
Bytes issuer_and_serial(const CertificateOutline& outline);

}  // namespace certspan::pki
