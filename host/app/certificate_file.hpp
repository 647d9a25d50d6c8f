#pragma once

#include <filesystem>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// The first certificate of a file, as DER; the file is PEM (RFC 7468) or DER of at most 64 KiB. What is
/// inside is not looked at. Errors: file.unreadable, work.no_certificate.
Result<Bytes> read_certificate(const std::filesystem::path& file);

}  // namespace certspan
