// From a request that its profile allows to a certificate.
#pragma once

#include <cstdint>

#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/ledger.hpp"
#include "plugins/ca_local/settings.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/profile.hpp"

namespace certspan::ca_local {

/// Makes the certificate: key and alternative names as the request has them, the subject in
/// the string types of pki::encode_name, usage as
/// `granted_usage` says, validity from `now` (seconds since 1970) less the backdating for as long as profile,
/// rules and the CA's own certificate all allow. Requires: pki::check_request found nothing. Thread-safe.
/// Faults: those of Authority::sign, TooLarge if the backdating leaves nothing of the profile's validity, and
/// UnsupportedAlgorithm for a key that can have none of the usages.
pki::Result<LedgerRecord> issue_certificate(const Authority& authority, const IssuingRules& rules,
                                            const pki::Profile& profile,
                                            const pki::CertificateRequest& request, std::int64_t now);

}  // namespace certspan::ca_local
