#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/result.hpp"
#include "host/journal/file.hpp"

namespace certspan {

/// Where a command's lines go: standard output, or a file that is there whole or not at all. It has another
/// name until it is finished, is for its user alone, and replaces nothing. For one thread.
class OutputFile {
 public:
  /// `path` empty: standard output. Errors: file.exists, file.unwritable.
  static Result<OutputFile> create(const std::filesystem::path& path);

  OutputFile(OutputFile&& other) noexcept
      : file_(std::move(other.file_)),
        path_(std::move(other.path_)),
        partial_(std::exchange(other.partial_, {})),
        waiting_(std::move(other.waiting_)) {}
  OutputFile& operator=(OutputFile&&) = delete;
  /// Removes what was not finished.
  ~OutputFile();

  /// Errors: file.unwritable, also for a pipe that nobody reads any more; file.interrupted.
  Result<void> write(std::string_view text);
  /// Syncs it and gives it its name. Errors: file.exists, file.unwritable.
  Result<void> finish();

 private:
  OutputFile(File file, std::filesystem::path path, std::filesystem::path partial)
      : file_(std::move(file)), path_(std::move(path)), partial_(std::move(partial)) {}

  Result<void> flush();
  Result<void> give_name();
  tl::unexpected<Error> failed(int error) const;

  File file_;
  std::filesystem::path path_;     ///< empty: standard output
  std::filesystem::path partial_;  ///< the other name; empty when there is nothing to remove
  std::string waiting_;            ///< not written yet
};

}  // namespace certspan
