#pragma once

#include <filesystem>
#include <system_error>
#include <utility>

#include "host/base/bytes.hpp"

namespace certspan {

/// An open file descriptor, closed when it goes.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File();

  /// open(2), never inherited by children. On failure is_open() is false and errno says why.
  static File open(const std::filesystem::path& path, int flags, unsigned mode = 0);

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  /// Writes all of it at the file's position; false with errno.
  bool write(BytesView bytes) const;
  /// Reads up to `most` bytes.
  Bytes read(std::size_t most) const;
  bool sync() const;

 private:
  int descriptor_ = -1;
};

/// Makes a directory's entries durable.
bool sync_directory(const std::filesystem::path& directory);

/// "permission denied" and the like, for messages.
std::string errno_text(int error);

}  // namespace certspan
