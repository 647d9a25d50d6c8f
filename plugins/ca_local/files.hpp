// Files of a certificate authority on disk: read with a bound, written whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::ca_local {

/// A key file is for its owner alone, a certificate file for everybody.
enum class FileAccess { Owner, Everybody };

/// A CA's certificate and those above it, in octets.
inline constexpr std::size_t kLargestCertificateFile = std::size_t{1024} * 1024;

/// Reads a file of at most `most` bytes. Faults: Internal, with the path and the system's reason; TooLarge.
pki::Result<pki::SecretBytes> read_file(const std::filesystem::path& path, std::size_t most);

/// Makes `path` with this content: whole and on the disk when it returns, or not there at all. Never replaces
/// a file: Policy if one is there. Other faults: Internal.
pki::Result<void> create_file(const std::filesystem::path& path, pki::BytesView content, FileAccess access);

/// The same, but takes the place of a file that is there.
pki::Result<void> replace_file(const std::filesystem::path& path, pki::BytesView content, FileAccess access);

/// Makes the directory, for its owner alone, and those above it if they are missing. Fault: Internal.
pki::Result<void> make_directory(const std::filesystem::path& path);

}  // namespace certspan::ca_local
