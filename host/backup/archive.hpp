#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/backup/byte_stream.hpp"

struct archive;

namespace certspan::backup {

/// A stream that libarchive reads or writes, and what went wrong with it.
template <typename Stream>
struct ArchiveStream {
  Stream& stream;
  std::optional<Error> error;
  PassingBytes buffer;
};

/// Writes files into a tar (POSIX pax). `out` outlives it.
class ArchiveWriter {
 public:
  static Result<ArchiveWriter> create(ByteSink& out);

  /// `content` has `size` bytes. Errors: those of both streams; backup.changed, if it has more or fewer.
  Result<void> add(const std::string& name, std::uint64_t size, ByteSource& content);
  Result<void> finish();

 private:
  struct Free {
    void operator()(archive* handle) const;
  };

  explicit ArchiveWriter(ByteSink& out);

  tl::unexpected<Error> failed(std::string_view what) const;

  std::unique_ptr<ArchiveStream<ByteSink>>
      output_;  ///< outlives the handle, which writes into it when it is freed
  std::unique_ptr<archive, Free> handle_;
};

/// Reads a tar that may be made to do harm. Gives nothing but plain files with a known size; anything else in
/// it, links, directories, sparse files, is an error. Names are as they stand there: whoever makes files of
/// them checks them first. `in` outlives it.
class ArchiveReader {
 public:
  struct Entry {
    std::string name;
    std::uint64_t size = 0;
  };

  static Result<ArchiveReader> open(ByteSource& in);

  /// The next file; nullopt after the last one. Errors: those of `in`; backup.foreign (no tar),
  /// backup.damaged.
  Result<std::optional<Entry>> next();
  /// Reads from that file, at most to its end. Errors: the same.
  Result<std::size_t> read(std::span<std::uint8_t> into);

 private:
  struct Free {
    void operator()(archive* handle) const;
  };

  explicit ArchiveReader(ByteSource& in);

  tl::unexpected<Error> failed(std::string_view what) const;

  std::unique_ptr<ArchiveStream<ByteSource>> input_;
  std::unique_ptr<archive, Free> handle_;
  bool any_ = false;
};

}  // namespace certspan::backup
