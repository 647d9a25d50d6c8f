#pragma once

#include <filesystem>

#include "host/base/result.hpp"
#include "host/journal/file.hpp"

namespace certspan {

/// Holds a journal's directory for the life of the process: one host alone, or any number of readers. The
/// kernel releases it when the process ends, however it ends.
class DirectoryLock {
 public:
  /// Alone, for the host; its process number is written into the file. Readers that are just looking are
  /// waited for shortly. Errors: journal.locked, journal.unwritable.
  static Result<DirectoryLock> hold(const std::filesystem::path& directory);
  /// Beside other readers. Changes nothing on disk. Errors: journal.locked, journal.missing.
  static Result<DirectoryLock> share(const std::filesystem::path& directory);

 private:
  explicit DirectoryLock(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace certspan
