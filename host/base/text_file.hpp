#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

namespace certspan {

/// A whole file of at most `most` bytes. Error "file.unreadable" names the file and why. May block.
Result<std::string> read_text_file(const std::filesystem::path& path,
                                   std::size_t most = std::size_t{1} << 20);

/// Makes a file that was not there before and syncs it; a secret one is nobody else's even for a moment.
/// Error "file.unwritable". May block.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

}  // namespace certspan
