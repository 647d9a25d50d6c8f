// A certificate authority whose key is at hand.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/crl_writer.hpp"
#include "plugins/common/pki/ocsp_request.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::ca_local {

/// Reads and judges the certificates of a CA: the CA's own first, then those above it, each signed by the
/// next. The first must be fit to issue at `now` (seconds since 1970): CA:TRUE, keyCertSign, a strong key, a
/// name, not expired. Faults say in words what to do; Malformed, or Policy for a certificate that is no CA's
/// or is out of date.
pki::Result<std::vector<pki::Certificate>> read_chain(std::string_view pem, std::int64_t now);

/// Brings certificates that come in any order into that of `read_chain`, beginning with the one for `key`,
/// and judges them the same way. The last must be a self-signed root. Fault: Policy.
pki::Result<std::vector<pki::Certificate>> order_chain(std::vector<pki::Certificate> certificates,
                                                       const pki::PublicKey& key, std::int64_t now);

/// Certificate, chain and key of one CA, loaded once. Immutable, thread-safe.
class Authority {
 public:
  /// Requires: `chain` comes from `read_chain` or `order_chain`. Fault: Policy if the key is not the
  /// certificate's.
  static pki::Result<Authority> make(std::vector<pki::Certificate> chain, pki::PrivateKey key);

  const pki::Certificate& certificate() const { return chain_.front(); }
  /// The CA's certificate first, the highest one that is known last.
  std::span<const pki::Certificate> chain() const { return chain_; }
  const pki::PrivateKey& key() const { return key_; }

  /// What stands as authority key identifier in what this key signs.
  pki::BytesView key_identifier() const { return key_identifier_; }
  /// By which an OCSP client names this CA.
  const pki::OcspIssuer& ocsp_issuer() const { return ocsp_issuer_; }
  /// Whether the certificate lets the key sign CRLs (RFC 5280 4.2.1.3).
  bool may_sign_crls() const;

  /// Signs a CRL. Issuer and authority key identifier are filled in. Faults: Policy, Internal.
  pki::Result<pki::Bytes> sign(pki::CrlTemplate what) const;
  /// Fills in issuer, key identifiers' authority side, serial and the bounds that the CA's own validity sets,
  /// and the key identifier (hexadecimal) in place of "{key_id}" in addresses, then signs. Fault: Policy if
  /// nothing of the validity is left; Internal.
  pki::Result<pki::Bytes> sign(pki::CertificateTemplate what) const;

 private:
  Authority(std::vector<pki::Certificate> chain, pki::PrivateKey key, const pki::OcspIssuer& ocsp_issuer);

  std::vector<pki::Certificate> chain_;
  pki::PrivateKey key_;
  pki::Bytes key_identifier_;
  pki::OcspIssuer ocsp_issuer_;
};

/// A serial number of 128 random bits, without leading zero octets and never zero (RFC 5280 4.1.2.2). Throws
/// only if the system has no randomness.
pki::Bytes random_serial();

}  // namespace certspan::ca_local
