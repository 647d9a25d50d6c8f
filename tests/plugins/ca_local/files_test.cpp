#include "plugins/ca_local/files.hpp"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include "tests/plugins/common/pki/tools.hpp"

namespace certspan::ca_local {
namespace {

using pki::as_bytes;
using pki::test::TempDir;

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

std::size_t files_in(const TempDir& dir) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir.path("")), {}));
}

TEST_CASE("a key file is for its owner alone, a certificate file for everybody") {
  const TempDir dir;
  REQUIRE(create_file(dir.path("ca.key"), as_bytes("key"), FileAccess::Owner));
  REQUIRE(create_file(dir.path("ca.pem"), as_bytes("certificate"), FileAccess::Everybody));
  CHECK(mode_of(dir.path("ca.key")) == 0600);
  CHECK(mode_of(dir.path("ca.pem")) == 0644);
  CHECK(dir.read_text("ca.key") == "key");
}

TEST_CASE("a file that is there is not replaced by create, and nothing else is left behind") {
  const TempDir dir;
  dir.write("ca.key", "old");
  const auto created = create_file(dir.path("ca.key"), as_bytes("new"), FileAccess::Owner);
  REQUIRE_FALSE(created);
  CHECK(created.error().kind == pki::FaultKind::Policy);
  CHECK(dir.read_text("ca.key") == "old");
  CHECK(files_in(dir) == 1);
}

TEST_CASE("replace takes the place of the old file and leaves nothing behind") {
  const TempDir dir;
  dir.write("ca.pem", "old");
  REQUIRE(replace_file(dir.path("ca.pem"), as_bytes("new"), FileAccess::Everybody));
  CHECK(dir.read_text("ca.pem") == "new");
  CHECK(files_in(dir) == 1);
}

TEST_CASE("of several that create the same file at once, one wins and its content is whole") {
  const TempDir dir;
  std::vector<std::thread> threads;
  std::vector<int> won(4, 0);
  for (std::size_t i = 0; i < won.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string content(10'000, static_cast<char>('a' + i));
      won[i] = create_file(dir.path("ca.key"), as_bytes(content), FileAccess::Owner).has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won[0] + won[1] + won[2] + won[3] == 1);
  const std::string content = dir.read_text("ca.key");
  CHECK(content == std::string(10'000, content.front()));
}

TEST_CASE("reading tells what is wrong and never reads without bound") {
  const TempDir dir;
  dir.write("small", "123");
  CHECK(read_file(dir.path("small"), 3).value().reveal_text() == "123");
  CHECK(read_file(dir.path("small"), 2).error().kind == pki::FaultKind::TooLarge);
  CHECK(read_file("/dev/zero", 1000).error().kind == pki::FaultKind::TooLarge);
  CHECK(read_file(dir.path("missing"), 10).error().message.find("missing") != std::string::npos);
  CHECK_FALSE(read_file(dir.path(""), 10));
}

TEST_CASE("a directory is made for its owner alone, with those above it") {
  const TempDir dir;
  const std::string path = dir.path("a/b/ca");
  REQUIRE(make_directory(path));
  CHECK(mode_of(path) == 0700);
  CHECK(make_directory(path));
  dir.write("file", "");
  CHECK_FALSE(make_directory(dir.path("file/ca")));
}

}  // namespace
}  // namespace certspan::ca_local
