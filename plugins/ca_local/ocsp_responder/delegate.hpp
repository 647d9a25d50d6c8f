// In whose name a responder answers: a key of its own, and a certificate for it from each CA (RFC
// 6960 4.2.2.2).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <certspan/store.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/ocsp_request.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::ca_local {

/// What one CA key allows.
struct Mandate {
  pki::Certificate certificate;  // the responder's
  pki::Certificate ca;           // who signed it
  pki::OcspIssuer issuer;
};

/// Immutable, thread-safe.
class Delegate {
 public:
  /// Requires certificates in pairs: the responder's and that of the CA which signed it. Faults: Malformed;
  /// Policy for one that is not for `key`, not signed by its CA or not for OCSP signing.
  static pki::Result<Delegate> make(pki::PrivateKey key, std::vector<pki::Certificate> pairs);

  /// Null: by no CA of this certificate's.
  const Mandate* for_id(const pki::CertId& id) const;
  const pki::PrivateKey& key() const { return key_; }
  const std::vector<Mandate>& mandates() const { return mandates_; }
  /// Seconds since 1970: the first end, and the beginning of the one that ends first.
  std::int64_t not_after() const;
  std::int64_t not_before() const;

 private:
  Delegate(pki::PrivateKey key, std::vector<Mandate> mandates);

  pki::PrivateKey key_;
  std::vector<Mandate> mandates_;
};

/// The delegate in a connector's store, with its key in clear: whoever reads the host's data_dir could read a
/// key file as well. Null if there is none. Faults: Unavailable, the store can't be read; as `make`.
pki::Result<std::shared_ptr<const Delegate>> read_delegate(const sdk::Store& store);
/// In the place of the one that was there; durable when it returns. Faults: Unavailable, Internal.
pki::Result<void> keep_delegate(const sdk::Store& store, const Delegate& delegate);

}  // namespace certspan::ca_local
