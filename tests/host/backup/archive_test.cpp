#include "host/backup/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <catch2/catch.hpp>
#include <functional>

#include "tests/host/backup/streams.hpp"

namespace certspan::backup {
namespace {

using testing::MemorySink;
using testing::MemorySource;
using testing::pattern;

Bytes archive_of(const std::vector<std::pair<std::string, Bytes>>& files) {
  MemorySink out;
  auto writer = ArchiveWriter::create(out);
  REQUIRE(writer);
  for (const auto& [name, content] : files) {
    MemorySource source(content);
    REQUIRE(writer->add(name, content.size(), source));
  }
  REQUIRE(writer->finish());
  return out.bytes;
}

/// Everything in it, or the code of the error.
std::pair<std::vector<std::pair<std::string, Bytes>>, std::string> read_archive(const Bytes& file) {
  std::vector<std::pair<std::string, Bytes>> found;
  MemorySource in(file);
  auto reader = ArchiveReader::open(in);
  if (!reader) return {found, reader.error().code};
  for (;;) {
    const auto entry = reader->next();
    if (!entry) return {found, entry.error().code};
    if (!*entry) return {found, ""};
    Bytes content((*entry)->size);
    const auto got = reader->read(content);
    if (!got) return {found, got.error().code};
    content.resize(*got);
    found.emplace_back((*entry)->name, std::move(content));
  }
}

/// A tar with one entry of another program's making.
Bytes foreign_tar(const std::function<void(archive_entry*)>& shape) {
  Bytes bytes(100'000);
  std::size_t used = 0;
  archive* handle = archive_write_new();
  archive_write_set_format_pax(handle);
  archive_write_open_memory(handle, bytes.data(), bytes.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "data/journal.db");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, 0);
  shape(entry);
  archive_write_header(handle, entry);
  const Bytes content(static_cast<std::size_t>(archive_entry_size(entry)));
  archive_write_data(handle, content.data(), content.size());
  archive_entry_free(entry);
  archive_write_close(handle);
  archive_write_free(handle);
  bytes.resize(used);
  return bytes;
}

TEST_CASE("files come out as they went in, in their order") {
  const std::vector<std::pair<std::string, Bytes>> files = {{"manifest.json", copy_of(as_bytes("{}"))},
                                                            {"data/journal.db", pattern(3 * kChunk + 5)},
                                                            {"files/1", {}}};
  const auto [found, code] = read_archive(archive_of(files));
  CHECK(code.empty());
  CHECK(found == files);
}

TEST_CASE("a content of another size than was told is an error") {
  MemorySink out;
  auto writer = ArchiveWriter::create(out);
  MemorySource longer(pattern(11));
  CHECK(writer->add("a", 10, longer).error().code == "backup.changed");
  auto other = ArchiveWriter::create(out);
  MemorySource shorter(pattern(9));
  CHECK(other->add("a", 10, shorter).error().code == "backup.changed");
}

TEST_CASE("links, directories, devices and sparse files are refused") {
  CHECK(read_archive(foreign_tar([](archive_entry*) {})).second.empty());
  const std::function<void(archive_entry*)> shapes[] = {
      [](archive_entry* entry) { archive_entry_set_hardlink(entry, "/etc/shadow"); },
      [](archive_entry* entry) {
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, "/etc/shadow");
      },
      [](archive_entry* entry) { archive_entry_set_filetype(entry, AE_IFDIR); },
      [](archive_entry* entry) { archive_entry_set_filetype(entry, AE_IFCHR); },
      [](archive_entry* entry) { archive_entry_set_filetype(entry, AE_IFIFO); },
      [](archive_entry* entry) {
        archive_entry_set_size(entry, 1 << 20);
        archive_entry_sparse_add_entry(entry, 0, 512);
      },
  };
  for (const auto& shape : shapes) {
    INFO(&shape - shapes);
    CHECK(read_archive(foreign_tar(shape)).second == "backup.damaged");
  }
}

TEST_CASE("an archive that is cut off gives an error or less, never something else") {
  const Bytes whole = pattern(5000);
  const Bytes file = archive_of({{"a", whole}, {"b", whole}});
  for (std::size_t size = 0; size < file.size(); size += 97) {
    const auto [found, code] =
        read_archive(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    INFO(size);
    for (const auto& [name, content] : found) {
      CHECK(std::equal(content.begin(), content.end(), whole.begin()));
    }
  }
}

TEST_CASE("what is no tar is told as foreign") {
  CHECK(read_archive(pattern(5000)).second == "backup.foreign");
  CHECK(read_archive(copy_of(as_bytes("version: 1\n"))).second == "backup.foreign");
}

}  // namespace
}  // namespace certspan::backup
