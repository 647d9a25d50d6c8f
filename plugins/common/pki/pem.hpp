// PEM (RFC 7468) around DER.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

inline constexpr std::string_view kPemCertificate = "CERTIFICATE";
inline constexpr std::string_view kPemCertificateRequest = "CERTIFICATE REQUEST";

// With the label's two lines, 64 characters a line and a final line feed.
std::string pem_encode(std::string_view label, BytesView der);

// All blocks with this label, in order; other text and blocks are skipped. Faults: Malformed for a broken
// block.
Result<std::vector<Bytes>> pem_decode(std::string_view text, std::string_view label);

// The certificates of a PEM file, in order. Faults: Malformed, also if there is none.
Result<std::vector<Certificate>> load_certificates(std::string_view pem);

}  // namespace certspan::pki
