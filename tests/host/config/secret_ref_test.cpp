#include "host/config/secret_ref.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

namespace certspan::test {
namespace {

namespace fs = std::filesystem;

/// A directory of its own that goes with the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (fs::temp_directory_path() / "certspan-secret-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  SecretRef write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return {SecretRef::Store::File, (path_ / name).string(), {}};
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string read(const SecretRef& ref) {
  const auto secret = read_secret(ref);
  REQUIRE(secret);
  return std::string(as_text(secret->reveal()));
}

std::string code_of(const SecretRef& ref) {
  const auto secret = read_secret(ref);
  REQUIRE_FALSE(secret);
  return secret.error().code;
}

TEST_CASE("the newline that an editor adds to one line of text is no part of the secret") {
  const TempDir dir;
  CHECK(read(dir.write("a", "hunter2\n")) == "hunter2");
  CHECK(read(dir.write("a", "hunter2\r\n")) == "hunter2");
  CHECK(read(dir.write("a", "hunter2")) == "hunter2");
  CHECK(read(dir.write("a", " hunter2 \n")) == " hunter2 ");
}

TEST_CASE("content of several lines stays as it is") {
  const TempDir dir;
  const std::string pem = "-----BEGIN X-----\nAAAA\n-----END X-----\n";
  CHECK(read(dir.write("a", pem)) == pem);
  CHECK(read(dir.write("a", "hunter2\n\n")) == "hunter2\n\n");
}

TEST_CASE("a secret that cannot be had says why, without its content") {
  const TempDir dir;
  CHECK(code_of({SecretRef::Store::File, (dir.path() / "none").string(), {}}) == "secret.missing");
  CHECK(code_of({SecretRef::Store::File, dir.path().string(), {}}) == "secret.unreadable");
  CHECK(code_of(dir.write("a", "")) == "secret.empty");
  CHECK(code_of(dir.write("a", "\n")) == "secret.empty");
  const auto large = read_secret(dir.write("a", std::string(64 * 1024 + 1, 'x')));
  REQUIRE_FALSE(large);
  CHECK(large.error().code == "secret.too_large");
  CHECK(large.error().message.find("xxx") == std::string::npos);
  CHECK(read(dir.write("a", std::string(64 * 1024, 'x'))).size() == 64 * 1024);
}

TEST_CASE("what is no regular file is refused and never waited for") {
  const TempDir directory;
  const std::string pipe = (directory.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto secret = read_secret({SecretRef::Store::File, pipe, {}});
  REQUIRE_FALSE(secret);
  CHECK(secret.error().code == "secret.no_file");
}

TEST_CASE("credentials are read from the directory that the service manager names") {
  const TempDir dir;
  dir.write("ca-key", "geheim\n");
  const SecretRef ref{SecretRef::Store::Credential, "ca-key", {}};
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(code_of(ref) == "secret.no_credentials");
  ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
  CHECK(read(ref) == "geheim");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("a reference is shown as it is written") {
  CHECK(to_string(SecretRef{SecretRef::Store::File, "/x", {}}) == "${file:/x}");
  CHECK(to_string(SecretRef{SecretRef::Store::Credential, "x", {}}) == "${credential:x}");
}

}  // namespace
}  // namespace certspan::test
