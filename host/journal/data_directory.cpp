#include "host/journal/data_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/journal/file.hpp"

namespace certspan {
namespace {

Result<void> expect_ours(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return unwritable_data(directory, errno);
  if (!S_ISDIR(status.st_mode)) return unwritable_data(directory, ENOTDIR);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Outcome::Invalid, "journal.open_directory",
                "data_dir \"" + directory.string() + "\" can be written by others; run: chmod go-w " +
                    directory.string());
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) return unwritable_data(directory, errno);
  return {};
}

}  // namespace

tl::unexpected<Error> unwritable_data(const std::filesystem::path& path, int error) {
  return fail(Outcome::Unavailable, "journal.unwritable",
              "\"" + path.string() + "\" can't be written: " + errno_text(error));
}

Result<void> prepare_data_directory(const std::filesystem::path& directory) {
  std::error_code error;
  const auto parent = std::filesystem::absolute(directory, error).parent_path();
  std::filesystem::create_directories(parent, error);
  if (::mkdir(directory.c_str(), S_IRWXU) == 0) {
    sync_directory(parent);
  } else if (errno != EEXIST) {
    return unwritable_data(directory, errno);
  }
  return expect_ours(directory);
}

}  // namespace certspan
