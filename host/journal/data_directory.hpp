#pragma once

#include <filesystem>

#include "host/base/result.hpp"

namespace certspan {

/// Makes the directory of journal, keys and copied plugins if it is missing, for its owner alone, and looks
/// whether the host can keep its files there. May block. Errors: journal.unwritable; journal.open_directory
/// where others may write, who could put another journal or key there.
Result<void> prepare_data_directory(const std::filesystem::path& directory);

/// journal.unwritable: `path` and the reason that `error`, an errno, gives.
tl::unexpected<Error> unwritable_data(const std::filesystem::path& path, int error);

}  // namespace certspan
