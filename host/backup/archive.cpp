#include "host/backup/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <utility>

namespace certspan::backup {
namespace {

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

/// libarchive's words, which may hold a hostile file's.
std::string reason(archive* handle) {
  const char* text = archive_error_string(handle);
  std::string words = text == nullptr ? "it can't be read" : text;
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  return words;
}

tl::unexpected<Error> damaged_archive(const std::string& what) {
  return fail(Outcome::Rejected, "backup.damaged", "the backup " + what);
}

la_ssize_t write_some(archive* handle, void* context, const void* data, std::size_t size) {
  auto* output = static_cast<ArchiveStream<ByteSink>*>(context);
  auto written = output->stream.write({static_cast<const std::uint8_t*>(data), size});
  if (written) return static_cast<la_ssize_t>(size);
  output->error = std::move(written).error();
  archive_set_error(handle, 0, "the output failed");
  return -1;
}

la_ssize_t read_some(archive* handle, void* context, const void** data) {
  auto* input = static_cast<ArchiveStream<ByteSource>*>(context);
  auto got = input->stream.read(input->buffer.all());
  if (got) {
    *data = input->buffer.all().data();
    return static_cast<la_ssize_t>(*got);
  }
  input->error = std::move(got).error();
  archive_set_error(handle, 0, "the input failed");
  return -1;
}

}  // namespace

void ArchiveWriter::Free::operator()(archive* handle) const {
  archive_write_free(handle);
}

ArchiveWriter::ArchiveWriter(ByteSink& out)
    : output_(new ArchiveStream<ByteSink>{out, std::nullopt, PassingBytes(0)}),
      handle_(archive_write_new()) {}

Result<ArchiveWriter> ArchiveWriter::create(ByteSink& out) {
  ArchiveWriter writer(out);
  archive* handle = writer.handle_.get();
  if (handle == nullptr || archive_write_set_format_pax_restricted(handle) != ARCHIVE_OK ||
      archive_write_open2(handle, writer.output_.get(), nullptr, write_some, nullptr, nullptr) !=
          ARCHIVE_OK) {
    return writer.failed("can't be begun");
  }
  return writer;
}

tl::unexpected<Error> ArchiveWriter::failed(std::string_view what) const {
  if (output_->error) return tl::unexpected(*output_->error);
  return fail(Outcome::Internal, "backup.archive",
              "the backup " + std::string(what) + ": " + reason(handle_.get()));
}

Result<void> ArchiveWriter::add(const std::string& name, std::uint64_t size, ByteSource& content) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  if (archive_write_header(handle_.get(), entry.get()) != ARCHIVE_OK) return failed("can't be written");
  PassingBytes buffer(kChunk);
  std::uint64_t written = 0;
  for (;;) {
    CERTSPAN_TRY(const std::size_t got, content.read(buffer.all()));
    if (got == 0) break;
    written += got;
    if (written > size) break;
    if (archive_write_data(handle_.get(), buffer.all().data(), got) != static_cast<la_ssize_t>(got)) {
      return failed("can't be written");
    }
  }
  if (written == size) return {};
  return fail(Outcome::Unavailable, "backup.changed",
              "\"" + name + "\" changed while it was backed up: try again");
}

Result<void> ArchiveWriter::finish() {
  if (archive_write_close(handle_.get()) != ARCHIVE_OK) return failed("can't be ended");
  return {};
}

void ArchiveReader::Free::operator()(archive* handle) const {
  archive_read_free(handle);
}

ArchiveReader::ArchiveReader(ByteSource& in)
    : input_(new ArchiveStream<ByteSource>{in, std::nullopt, PassingBytes(kChunk)}),
      handle_(archive_read_new()) {}

Result<ArchiveReader> ArchiveReader::open(ByteSource& in) {
  ArchiveReader reader(in);
  archive* handle = reader.handle_.get();
  // Neither other formats nor compression: each would be one more parser in front of a hostile file.
  if (handle == nullptr || archive_read_support_format_tar(handle) != ARCHIVE_OK ||
      archive_read_open(handle, reader.input_.get(), nullptr, read_some, nullptr) != ARCHIVE_OK) {
    return reader.failed("can't be read");
  }
  return reader;
}

tl::unexpected<Error> ArchiveReader::failed(std::string_view what) const {
  if (input_->error) return tl::unexpected(*input_->error);
  if (!any_) return fail(Outcome::Rejected, "backup.foreign", "the file is no backup of certspan");
  return damaged_archive(std::string(what) + ": " + reason(handle_.get()));
}

Result<std::optional<ArchiveReader::Entry>> ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(handle_.get(), &entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result != ARCHIVE_OK) return failed("can't be read");
  any_ = true;
  const char* name = archive_entry_pathname(entry);
  const bool link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
  if (name == nullptr || link || archive_entry_filetype(entry) != AE_IFREG ||
      archive_entry_sparse_count(entry) != 0 || archive_entry_size_is_set(entry) == 0 ||
      archive_entry_size(entry) < 0) {
    return damaged_archive("holds something that is no plain file");
  }
  return Entry{name, static_cast<std::uint64_t>(archive_entry_size(entry))};
}

Result<std::size_t> ArchiveReader::read(std::span<std::uint8_t> into) {
  const la_ssize_t got = archive_read_data(handle_.get(), into.data(), into.size());
  if (got < 0) return failed("can't be read");
  return static_cast<std::size_t>(got);
}

}  // namespace certspan::backup
