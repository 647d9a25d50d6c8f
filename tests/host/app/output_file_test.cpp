#include "host/app/output_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/host/journal/journal_fixture.hpp"

using namespace certspan;
using namespace certspan::testing;

namespace {

struct OutputFixture {
  TempDir directory;
  std::filesystem::path path = directory.path() / "export.csv";

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory.path()), {}));
  }
};

}  // namespace

TEST_CASE_METHOD(OutputFixture, "a file has its name when it is whole, and is for its user alone") {
  auto file = OutputFile::create(path);
  REQUIRE(file);
  REQUIRE(file->write("first\n"));
  CHECK(!std::filesystem::exists(path));
  REQUIRE(file->write(std::string(1'000'000, 'x')));
  REQUIRE(file->finish());
  CHECK(content_of(path).size() == 1'000'006);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(files() == 1);
}

TEST_CASE_METHOD(OutputFixture, "what was not finished leaves nothing behind") {
  {
    auto file = OutputFile::create(path);
    REQUIRE(file);
    REQUIRE(file->write(std::string(1'000'000, 'x')));
    CHECK(files() == 1);
  }
  CHECK(files() == 0);
}

TEST_CASE_METHOD(OutputFixture, "a file that is there is not overwritten, whenever it came") {
  auto file = OutputFile::create(path);
  REQUIRE(file);
  REQUIRE(file->write("new"));
  REQUIRE(OutputFile::create(directory.path() / "other")->finish());
  std::filesystem::rename(directory.path() / "other", path);
  CHECK(file->finish().error().code == "file.exists");
  CHECK(OutputFile::create(path).error().code == "file.exists");
  CHECK(content_of(path).empty());
  std::filesystem::create_symlink("nowhere", directory.path() / "link");
  CHECK(OutputFile::create(directory.path() / "link").error().code == "file.exists");
}

TEST_CASE_METHOD(OutputFixture, "a place that can't be written is named") {
  const auto file = OutputFile::create(directory.path() / "none" / "export.csv");
  CHECK(file.error().code == "file.unwritable");
  CHECK_THAT(file.error().message, Catch::Contains("none/export.csv"));
}
