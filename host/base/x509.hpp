// Certificates that somebody has checked before, as OpenSSL reads them.
#pragma once

#include <memory>

#include <openssl/x509.h>

#include "host/base/bytes.hpp"

namespace certspan {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

/// Of DER; null if it can't be read.
X509Ptr parse_x509(BytesView der);

/// DER; empty if it can't be written.
Bytes encode_x509_name(const X509_NAME* name);

}  // namespace certspan
