// The bodies of the three calls of Intune's SCEP service. Each holds the request, and with it a challenge.
#pragma once

#include <string_view>

#include <certspan/connector.hpp>

#include "plugins/common/connector/secret_body.hpp"
#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::intune {

/// What stands in every body. Requires: `transaction` and `caller` are printable ASCII.
struct ScepRequest {
  std::string_view transaction;
  pki::BytesView csr;
  std::string_view caller;
};

connector::SecretBody validate_body(const ScepRequest& request);

/// `configuration` comes back when the certificate is to be revoked: issuing connector and work id. Fault:
/// Malformed, if the certificate can't be read.
pki::Result<connector::SecretBody> success_body(const ScepRequest& request, pki::BytesView certificate,
                                                std::string_view configuration);

/// Why there is no certificate, cut to what Intune takes.
connector::SecretBody failure_body(const ScepRequest& request, const sdk::Delivery& delivery);

bool is_printable(std::string_view text);

}  // namespace certspan::intune
