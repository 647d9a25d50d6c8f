// How certificates of the ledger stand, in the words of OCSP.
#pragma once

#include <certspan/types.hpp>

#include "plugins/ca_local/authority.hpp"
#include "plugins/ca_local/ledger.hpp"
#include "plugins/common/pki/ocsp_request.hpp"

namespace certspan::ca_local {

/// The CertStatus (RFC 6960 4.2.1) of the certificate that `authority` may have issued under this serial
/// number; "unknown" for one that it did not. Ok, Unavailable.
sdk::Outcome ocsp_status(const Ledger& ledger, const Authority& authority, const pki::CertId& id,
                         pki::Bytes& status);

}  // namespace certspan::ca_local
