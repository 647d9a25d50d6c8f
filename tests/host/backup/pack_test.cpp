#include "host/backup/pack.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "host/backup/archive.hpp"
#include "host/base/text_file.hpp"
#include "tests/host/backup/streams.hpp"

namespace certspan::backup {
namespace {

using testing::MemorySink;
using testing::MemorySource;

struct PackFixture {
  PackFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "certspan-pack-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    for (const auto& [part, name] :
         {std::pair(Part::JournalKey, "data/journal.key"), std::pair(Part::Config, "config/certspan.yaml"),
          std::pair(Part::File, "files/1"), std::pair(Part::Journal, "data/journal.db")}) {
      const auto from = root / std::to_string(files.size());
      std::ofstream(from) << "content of " << name;
      files.push_back({{.part = part, .name = name, .place = std::string("/srv/") + name}, from});
      REQUIRE(measure(files.back()));
    }
  }
  ~PackFixture() { std::filesystem::remove_all(root); }

  Manifest manifest() const {
    Manifest manifest;
    for (const PackedFile& file : files) manifest.files.push_back(file.file);
    return manifest;
  }
  Bytes packed() const {
    MemorySink out;
    REQUIRE(pack(manifest(), files, out));
    return out.bytes;
  }
  /// An archive with this manifest and these names, whatever fits.
  Bytes forged(const Manifest& told, const std::vector<std::pair<std::string, std::string>>& content) const {
    MemorySink out;
    auto writer = ArchiveWriter::create(out);
    const auto add = [&](const std::string& name, const std::string& text) {
      MemorySource source(copy_of(as_bytes(text)));
      REQUIRE(writer->add(name, text.size(), source));
    };
    add(kManifestName, *to_text(told));
    for (const auto& [name, text] : content) add(name, text);
    REQUIRE(writer->finish());
    return out.bytes;
  }
  std::string unpack_error(const Bytes& archive) const {
    const auto into = root / "into";
    std::filesystem::remove_all(into);
    std::filesystem::create_directory(into);
    MemorySource in(archive);
    const auto unpacked = unpack(in, into);
    return unpacked ? std::string() : unpacked.error().code;
  }

  std::filesystem::path root;
  std::vector<PackedFile> files;
};

std::string content_of(const std::filesystem::path& path) {
  return *read_text_file(path);
}

TEST_CASE_METHOD(PackFixture, "what was packed comes back, for its owner alone") {
  CHECK(unpack_error(packed()).empty());
  CHECK(content_of(root / "into/data/journal.db") == "content of data/journal.db");
  CHECK(content_of(root / "into/files/1") == "content of files/1");
  struct stat status {};
  REQUIRE(::stat((root / "into/files/1").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(PackFixture, "a look without a target writes nothing") {
  MemorySource in(packed());
  const auto manifest = unpack(in, {});
  REQUIRE(manifest);
  CHECK(*manifest == this->manifest());
}

TEST_CASE_METHOD(PackFixture, "a file that changes while it is packed is told") {
  std::ofstream(files[2].from) << "content of file5/1";
  MemorySink out;
  CHECK(pack(manifest(), files, out).error().code == "backup.changed");
}

TEST_CASE_METHOD(PackFixture, "an archive that does not hold what its manifest tells of is refused") {
  const Manifest told = manifest();
  std::vector<std::pair<std::string, std::string>> content;
  for (const PackedFile& file : files) content.emplace_back(file.file.name, content_of(file.from));
  CHECK(unpack_error(forged(told, content)).empty());

  auto other = content;
  other[2].second[0] = 'C';
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  other = content;
  other[2].second += "!";
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  other = content;
  other.pop_back();
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  other = content;
  other.emplace_back("files/2", "more");
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  other = content;
  std::swap(other[0], other[1]);
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  other = content;
  other[2].first = "../../escaped";
  CHECK(unpack_error(forged(told, other)) == "backup.damaged");
  CHECK_FALSE(std::filesystem::exists(root / "escaped"));
}

TEST_CASE_METHOD(PackFixture, "an archive of something else is foreign") {
  MemorySink out;
  auto writer = ArchiveWriter::create(out);
  MemorySource source(copy_of(as_bytes("hello")));
  REQUIRE(writer->add("hello", 5, source));
  REQUIRE(writer->finish());
  CHECK(unpack_error(out.bytes) == "backup.foreign");
}

}  // namespace
}  // namespace certspan::backup
