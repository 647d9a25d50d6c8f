#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace certspan {

/// What `read_certificates` finds. Each may return false to stop.
struct CertificateVisitor {
  /// One certificate: base64 of what its file calls DER. What is inside is not looked at.
  std::function<bool(const std::filesystem::path& file, std::string base64)> certificate;
  /// A file, or a part of one, that can't be read, and why.
  std::function<bool(const std::filesystem::path& file, const std::string& why)> unreadable;
};

/// Reads a file, or all files in a directory and those below it: one certificate in DER, or text with any
/// number of PEM blocks (RFC 7468) and anything between them, as `certutil -view` writes it, in ASCII, UTF-8
/// or UTF-16 with a byte order mark. However large a file is, no more of it than one certificate is held.
void read_certificates(const std::filesystem::path& path, const CertificateVisitor& visitor);

}  // namespace certspan
