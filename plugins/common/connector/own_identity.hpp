// What belongs to our certificate authorities and to nobody else.
#pragma once

#include <optional>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::connector {

/// Keys and names of CA certificates. A request that carries one of them would get a certificate that passes
/// for the CA. Filled once, then read by any thread.
class OwnIdentity {
 public:
  /// Takes key and subject of a certificate, DER. Fault: Malformed.
  pki::Result<void> add(pki::BytesView certificate);

  /// pki::check_request, and that the subject is not the name of one of our CAs (violation "ca_name").
  std::optional<pki::Violation> check_request(const pki::Profile& profile,
                                              const pki::CertificateRequest& request,
                                              const pki::Vouched& vouched = {}) const;

 private:
  std::vector<pki::Sha256Value> keys_;
  std::vector<pki::Bytes> names_;
};

}  // namespace certspan::connector
