#pragma once

#include <string>

#include <certspan/types.hpp>

namespace certspan::check {

/// A fresh PKCS #10 request (DER) with a P-256 key, for a name of its own.
sdk::ByteBuffer make_request();
/// A fresh self-signed certificate (DER) with a random serial number.
sdk::ByteBuffer make_certificate();
/// Whether these octets are one X.509 certificate and nothing behind it.
bool is_certificate(sdk::Bytes der);
/// The same for a certificate revocation list.
bool is_crl(sdk::Bytes der);

std::string base64(sdk::Bytes bytes);
std::string pem_certificate(sdk::Bytes der);

}  // namespace certspan::check
