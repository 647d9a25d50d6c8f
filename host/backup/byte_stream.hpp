#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/journal/file.hpp"

namespace certspan::backup {

// Bytes in order, so that a journal of gigabytes is never in memory. For one thread each.

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(BytesView bytes) = 0;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `into` as far as there is something; less than all of it only at the end. Whoever has read to the
  /// end has everything, and nothing else.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

/// What is read and written at a time.
inline constexpr std::size_t kChunk = std::size_t{64} * 1024;

/// A buffer for what passes through, keys among it: wiped when it goes. Cannot be copied or moved.
class PassingBytes {
 public:
  explicit PassingBytes(std::size_t size) : bytes_(size) {}
  ~PassingBytes();
  PassingBytes(const PassingBytes&) = delete;
  PassingBytes& operator=(const PassingBytes&) = delete;

  std::span<std::uint8_t> all() { return bytes_; }
  BytesView first(std::size_t size) const { return BytesView(bytes_).first(size); }

 private:
  Bytes bytes_;
};

/// Errors: backup.unwritable.
class FileSink final : public ByteSink {
 public:
  /// `name`: for messages.
  FileSink(File file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  Result<void> write(BytesView bytes) override;
  Result<void> sync();

 private:
  File file_;
  std::string name_;
};

/// Errors: backup.unreadable.
class FileSource final : public ByteSource {
 public:
  FileSource(File file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  static Result<FileSource> open(const std::filesystem::path& path);

  Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  File file_;
  std::string name_;
};

/// Hands on all that `source` has. Errors: those of both.
Result<void> copy(ByteSource& source, ByteSink& sink);

}  // namespace certspan::backup
