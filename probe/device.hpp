#pragma once

#include <string>

#include "probe/failure.hpp"
#include "probe/openssl_types.hpp"
#include "probe/options.hpp"

namespace certspan::scep_probe {

/// What a device brings: a fresh key, the request for a certificate and the self-signed certificate that it
/// signs its messages with. The key is never written anywhere.
struct Device {
  EvpPkeyPtr key;
  X509Ptr signer;
  pki::SecretBytes request;    ///< PKCS #10, DER; it holds the challenge
  std::string transaction_id;  ///< SHA-256 of the public key (RFC 8894, 3.2.1.1)
};

/// Errors: a subject that is no name, a challenge that can't be read.
Result<Device> make_device(const Options& options);

}  // namespace certspan::scep_probe
