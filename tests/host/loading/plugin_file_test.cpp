#include "host/loading/plugin_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/host/loading/loading_fixture.hpp"

namespace certspan {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using test::Installation;

Result<PluginFile> read_from(const Installation& installation, std::string_view id) {
  return read_plugin_file(id, installation.search().dirs);
}

std::string code_of(const Result<PluginFile>& result) {
  return result ? "ok" : result.error().code;
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("ids that could leave the directory or are no file names are refused") {
  const Installation installation;
  installation.install("good", as_bytes("x"));
  CHECK(code_of(read_from(installation, "good")) == "ok");
  for (const char* id :
       {"", ".", "..", "../good", "a/b", ".good", "good.", "a..b", "Good", "-good", "good\n"}) {
    CAPTURE(id);
    CHECK(code_of(read_from(installation, id)) == "plugin.bad_id");
  }
  CHECK(is_plugin_id("com.acme.ca"));
  CHECK(is_plugin_id(std::string(128, 'a')));
  CHECK_FALSE(is_plugin_id(std::string(129, 'a')));
  CHECK_FALSE(is_plugin_id(std::string_view("a\0b", 3)));
}

TEST_CASE("a missing plugin names the directories that were searched") {
  const Installation installation;
  const auto file =
      read_plugin_file("absent", std::vector<fs::path>{installation.dir(), installation.root() / "nowhere"});
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().code == "plugin.missing");
  CHECK_THAT(file.error().message,
             Contains("absent.so") && Contains(installation.dir().string()) && Contains("nowhere"));
}

TEST_CASE("the first directory that holds the plugin decides, even if its file is bad") {
  const Installation first;
  const Installation second;
  second.install("good", as_bytes("second"));
  const std::vector<fs::path> dirs = {first.dir(), second.dir()};
  CHECK(as_text(read_plugin_file("good", dirs)->bytes) == "second");
  first.install("good", as_bytes("first"));
  CHECK(as_text(read_plugin_file("good", dirs)->bytes) == "first");
  fs::permissions(first.path("good"), fs::perms(0666));
  CHECK(code_of(read_plugin_file("good", dirs)) == "plugin.unsafe_permissions");
}

TEST_CASE("a file or directory that others may write to is refused with the command that repairs it") {
  const Installation installation;
  installation.install("good", as_bytes("x"));
  const auto file = installation.path("good");
  for (const unsigned mode : {0664u, 0646u, 0777u, 04755u, 02755u}) {
    CAPTURE(mode);
    fs::permissions(file, fs::perms(mode));
    const auto refused = read_from(installation, "good");
    CHECK(code_of(refused) == "plugin.unsafe_permissions");
    CHECK_THAT(refused.error().message, Contains("run: chmod") && Contains(file.filename().string()));
  }
  fs::permissions(file, fs::perms(0755));
  CHECK(code_of(read_from(installation, "good")) == "ok");

  for (const unsigned mode : {0775u, 0757u, 01777u}) {
    CAPTURE(mode);
    fs::permissions(installation.dir(), fs::perms(mode));
    CHECK(code_of(read_from(installation, "good")) == "plugin.unsafe_permissions");
  }
  fs::permissions(installation.dir(), fs::perms(0755));
  fs::permissions(installation.root(), fs::perms(0777));
  CHECK(code_of(read_from(installation, "good")) == "plugin.unsafe_permissions");
  fs::permissions(installation.root(), fs::perms(01777));
  CHECK(code_of(read_from(installation, "good")) == "ok");
}

TEST_CASE("a file or directory of another user is refused") {
  if (::geteuid() != 0) return;  // nobody else can give files away
  const Installation installation;
  installation.install("good", as_bytes("x"));
  REQUIRE(::chown(installation.path("good").c_str(), 12345, 0) == 0);
  const auto file = read_from(installation, "good");
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().code == "plugin.unsafe_permissions");
  CHECK_THAT(file.error().message, Contains("belongs to user 12345"));
  REQUIRE(::chown(installation.path("good").c_str(), 0, 0) == 0);
  REQUIRE(::chown(installation.dir().c_str(), 12345, 0) == 0);
  CHECK(code_of(read_from(installation, "good")) == "plugin.unsafe_permissions");
}

TEST_CASE("links, directories, pipes and unreadable sizes under a plugin's name are refused") {
  const Installation installation;
  installation.install("good", as_bytes("x"));
  fs::create_symlink(installation.path("good"), installation.path("linked"));
  CHECK(code_of(read_from(installation, "linked")) == "plugin.unsafe_permissions");
  fs::create_directory(installation.path("folder"));
  CHECK(code_of(read_from(installation, "folder")) == "plugin.unsafe_permissions");
  REQUIRE(::mkfifo(installation.path("pipe").c_str(), 0600) == 0);
  CHECK(code_of(read_from(installation, "pipe")) == "plugin.unsafe_permissions");
  installation.install("huge", as_bytes(""));
  REQUIRE(::truncate(installation.path("huge").c_str(), off_t{1} << 30) == 0);
  CHECK(code_of(read_from(installation, "huge")) == "plugin.too_large");
}

TEST_CASE("a directory may be reached by a link, for what it leads to is what is checked") {
  const Installation installation;
  installation.install("good", as_bytes("x"));
  const auto link = installation.root() / "link";
  fs::create_directory_symlink(installation.dir(), link);
  CHECK(code_of(read_plugin_file("good", std::vector<fs::path>{link})) == "ok");
  fs::permissions(installation.dir(), fs::perms(0777));
  CHECK(code_of(read_plugin_file("good", std::vector<fs::path>{link})) == "plugin.unsafe_permissions");
}

TEST_CASE("a private copy is named after its content and closed to others") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  const auto file = read_from(installation, "good");
  REQUIRE(file.has_value());
  // FIPS 180-2, appendix B.1
  CHECK(file->sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

  const auto private_dir = installation.search().private_dir;
  const auto copy = make_private_copy("good", *file, private_dir);
  if (!copy) FAIL(copy.error().message);
  CHECK(*copy == private_dir / "ba7816bf8f01" / "good.so");
  CHECK(as_text(test::read_file(*copy)) == "abc");
  CHECK(mode_of(*copy) == 0500);
  CHECK(mode_of(private_dir) == 0700);
  CHECK(mode_of(copy->parent_path()) == 0700);
}

TEST_CASE("a private copy that is right stays, one that is wrong is replaced and never written to") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  const auto file = read_from(installation, "good");
  const auto private_dir = installation.search().private_dir;
  const auto copy = make_private_copy("good", *file, private_dir);
  struct stat before {};
  REQUIRE(::stat(copy->c_str(), &before) == 0);
  REQUIRE(make_private_copy("good", *file, private_dir).has_value());
  struct stat same {};
  REQUIRE(::stat(copy->c_str(), &same) == 0);
  CHECK(same.st_ino == before.st_ino);

  // Somebody got at it, or a power cut left half of it: a process that has it mapped keeps its inode.
  const auto held = installation.root() / "held";
  fs::create_hard_link(*copy, held);
  fs::permissions(*copy, fs::perms(0700));
  test::write_file(*copy, as_bytes("evil"));
  REQUIRE(make_private_copy("good", *file, private_dir).has_value());
  CHECK(as_text(test::read_file(*copy)) == "abc");
  CHECK(as_text(test::read_file(held)) == "evil");
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(copy->parent_path())) ++entries;
  CHECK(entries == 1);
}

TEST_CASE("what is checked is what stands in the private copy, and a copy that others changed is refused") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  const auto file = read_from(installation, "good");
  const auto copy = make_private_copy("good", *file, installation.search().private_dir);
  REQUIRE(copy.has_value());
  test::write_file(installation.path("good"), as_bytes("evil"));
  CHECK(as_text(*read_private_copy(*copy)) == "abc");

  SECTION("its bytes") {
    fs::permissions(*copy, fs::perms(0700));
    test::write_file(*copy, as_bytes("evil"));
    fs::permissions(*copy, fs::perms(0500));
    CHECK(as_text(*read_private_copy(*copy)) == "evil");  // and its hash is no longer what anybody trusts
    return;
  }
  SECTION("its mode") {
    fs::permissions(*copy, fs::perms(0700));
  }
  SECTION("a link in its place") {
    fs::remove(*copy);
    fs::create_symlink(installation.path("good"), *copy);
  }
  SECTION("nothing in its place") {
    fs::remove(*copy);
  }
  const auto refused = read_private_copy(*copy);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "plugin.private_dir");
}

TEST_CASE("a plugin is read with its signature and with who owns it, by its id or by its path") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  CHECK_FALSE(read_from(installation, "good")->signature.has_value());
  test::write_file(installation.dir() / "good.so.sig", as_bytes("by acme"));
  const auto by_id = read_from(installation, "good");
  const auto by_path = read_plugin_at(installation.path("good"));
  const auto any = read_any_file(installation.path("good"));
  for (const auto* file : {&by_id, &by_path, &any}) {
    REQUIRE(file->has_value());
    CHECK((*file)->signature == "by acme");
    CHECK((*file)->owner == ::geteuid());
    CHECK((*file)->directory_owner == ::geteuid());
    CHECK((*file)->sha256 == by_id->sha256);
  }
  fs::permissions(installation.path("good"), fs::perms(0666));
  CHECK(code_of(read_plugin_at(installation.path("good"))) == "plugin.unsafe_permissions");
  CHECK(code_of(read_any_file(installation.path("good"))) == "ok");
  CHECK(code_of(read_plugin_at(installation.path("absent"))) == "plugin.missing");
  CHECK(code_of(read_any_file(installation.path("absent"))) == "plugin.missing");
  CHECK(code_of(read_plugin_at(installation.dir() / "good.so.sig")) == "plugin.bad_id");
  CHECK(code_of(read_any_file(installation.dir())) == "plugin.unreadable");
}

TEST_CASE("a private directory that others can enter, or that is a link, is refused") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  const auto file = read_from(installation, "good");
  const auto open_dir = installation.root() / "open";
  fs::create_directory(open_dir);
  fs::permissions(open_dir, fs::perms(0755));
  CHECK(make_private_copy("good", *file, open_dir).error().code == "plugin.private_dir");
  const auto link = installation.root() / "link";
  fs::create_directory(installation.root() / "target");
  fs::permissions(installation.root() / "target", fs::perms(0700));
  fs::create_directory_symlink(installation.root() / "target", link);
  CHECK(make_private_copy("good", *file, link).error().code == "plugin.private_dir");
}

TEST_CASE("a private copy that can't be written says where and why") {
  const Installation installation;
  installation.install("good", as_bytes("abc"));
  const auto file = read_from(installation, "good");
  test::write_file(installation.root() / "occupied", as_bytes(""));
  const auto copy = make_private_copy("good", *file, installation.root() / "occupied" / "run");
  REQUIRE_FALSE(copy.has_value());
  CHECK(copy.error().code == "plugin.no_room");
  CHECK_THAT(copy.error().message, Contains("occupied") && Contains("make room"));
}

TEST_CASE("copies that are used no more go, but not what was asked for lately and not what is no copy") {
  const Installation installation;
  const auto private_dir = installation.search().private_dir;
  const auto copy_of_version = [&](const std::string& text) {
    const Bytes bytes = copy_of(as_bytes(text));
    const auto copy =
        make_private_copy("t.good", {installation.path("t.good"), bytes, sha256_hex(bytes)}, private_dir);
    REQUIRE(copy);
    return *copy;
  };
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(2);
  const auto age = [&](const std::filesystem::path& directory) {
    std::filesystem::last_write_time(directory, long_ago);
  };
  const auto old = copy_of_version("old");
  const auto asked_for = copy_of_version("asked for");
  const auto used = copy_of_version("used");
  const auto no_copy = private_dir / "notes";
  std::filesystem::create_directory(no_copy);
  std::filesystem::create_directory_symlink(no_copy, private_dir / "0123456789ab");
  for (const auto& path : {old, asked_for, used}) age(path.parent_path());
  age(no_copy);
  CHECK(copy_of_version("asked for") == asked_for);

  CHECK(sweep_private_copies(private_dir, std::vector{used}) == 1);

  CHECK_FALSE(std::filesystem::exists(old.parent_path()));
  for (const auto& path : {asked_for, used, no_copy, private_dir / "0123456789ab"}) {
    CAPTURE(path.string());
    CHECK(std::filesystem::exists(path));
  }
  CHECK(sweep_private_copies(installation.root() / "nowhere", {}) == 0);
}

}  // namespace
}  // namespace certspan
