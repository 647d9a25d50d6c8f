#include "host/backup/pack.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <openssl/crypto.h>

#include "host/backup/archive.hpp"
#include "host/backup/digest.hpp"

namespace certspan::backup {
namespace {

tl::unexpected<Error> damaged_backup(const std::string& what) {
  return fail(Outcome::Rejected, "backup.damaged", "the backup " + what);
}

/// Text as a stream.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : left_(as_bytes(text)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t some = std::min(into.size(), left_.size());
    std::copy_n(left_.begin(), some, into.begin());
    left_ = left_.subspan(some);
    return some;
  }

 private:
  BytesView left_;
};

/// A sink for what is only looked at.
class NoSink final : public ByteSink {
 public:
  Result<void> write(BytesView) override { return {}; }
};

/// The file that the reader is at.
class EntrySource final : public ByteSource {
 public:
  explicit EntrySource(ArchiveReader& reader) : reader_(reader) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return reader_.read(into); }

 private:
  ArchiveReader& reader_;
};

Result<FileSink> make_file(const std::filesystem::path& path) {
  File file = File::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file.is_open()) return FileSink(std::move(file), path.string());
  return fail(Outcome::Unavailable, "backup.unwritable",
              "\"" + path.string() + "\" can't be made: " + errno_text(errno));
}

Result<Manifest> take_manifest(ArchiveReader& reader) {
  CERTSPAN_TRY(const auto entry, reader.next());
  if (!entry || entry->name != kManifestName) {
    return fail(Outcome::Rejected, "backup.foreign", "the file is no backup of certspan: it has no manifest");
  }
  if (entry->size > kLargestManifest) return damaged_backup("has a manifest that is too large");
  Bytes text(static_cast<std::size_t>(entry->size));
  CERTSPAN_TRY(const std::size_t got, reader.read(text));
  if (got != text.size()) return damaged_backup("ends in its manifest");
  return read_manifest(as_text(text));
}

Result<void> take(ArchiveReader& reader, const BackupFile& file, ByteSink& sink) {
  EntrySource entry(reader);
  DigestingSource digesting(entry);
  CERTSPAN_CHECK(copy(digesting, sink));
  if (digesting.digest().size() != file.size)
    return damaged_backup("holds only a part of \"" + file.name + "\"");
  CERTSPAN_TRY(const AuditHash hash, digesting.digest().finish());
  if (hash != file.sha256)
    return damaged_backup("holds another \"" + file.name + "\" than its manifest tells of");
  return {};
}

Result<void> take_to(ArchiveReader& reader, const BackupFile& file, const std::filesystem::path& into) {
  const std::filesystem::path path = into / file.name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  CERTSPAN_TRY(FileSink sink, make_file(path));
  CERTSPAN_CHECK(take(reader, file, sink));
  return sink.sync();
}

}  // namespace

Result<void> measure(PackedFile& file) {
  CERTSPAN_TRY(FileSource source, FileSource::open(file.from));
  DigestingSource digesting(source);
  NoSink nowhere;
  CERTSPAN_CHECK(copy(digesting, nowhere));
  file.file.size = digesting.digest().size();
  CERTSPAN_TRY(file.file.sha256, digesting.digest().finish());
  return {};
}

Result<void> pack(const Manifest& manifest, const std::vector<PackedFile>& files, ByteSink& out) {
  CERTSPAN_TRY(const std::string text, to_text(manifest));
  CERTSPAN_TRY(ArchiveWriter writer, ArchiveWriter::create(out));
  TextSource manifest_source(text);
  CERTSPAN_CHECK(writer.add(kManifestName, text.size(), manifest_source));
  for (const PackedFile& file : files) {
    CERTSPAN_TRY(FileSource source, FileSource::open(file.from));
    DigestingSource digesting(source);
    CERTSPAN_CHECK(writer.add(file.file.name, file.file.size, digesting));
    CERTSPAN_TRY(const AuditHash hash, digesting.digest().finish());
    if (hash == file.file.sha256) continue;
    return fail(Outcome::Unavailable, "backup.changed",
                "\"" + file.from.string() + "\" changed while it was backed up: try again");
  }
  return writer.finish();
}

Result<Manifest> unpack(ByteSource& in, const std::filesystem::path& into) {
  CERTSPAN_TRY(ArchiveReader reader, ArchiveReader::open(in));
  CERTSPAN_TRY(Manifest manifest, take_manifest(reader));
  NoSink nowhere;
  for (const BackupFile& file : manifest.files) {
    CERTSPAN_TRY(const auto entry, reader.next());
    if (!entry || entry->name != file.name) return damaged_backup("does not hold what its manifest tells of");
    if (entry->size != file.size) return damaged_backup("holds a \"" + file.name + "\" of another size");
    CERTSPAN_CHECK(into.empty() ? take(reader, file, nowhere) : take_to(reader, file, into));
  }
  CERTSPAN_TRY(const auto more, reader.next());
  if (more) return damaged_backup("holds more than its manifest tells of");
  // What comes after the archive's end is nothing, but that it is whole shows only there.
  CERTSPAN_CHECK(copy(in, nowhere));
  return manifest;
}

}  // namespace certspan::backup
