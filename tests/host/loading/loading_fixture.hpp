#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "host/base/bytes.hpp"
#include "host/loading/plugin.hpp"

namespace certspan::test {

inline Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::filesystem::path& path, BytesView bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << as_text(bytes);
}

/// The plugin that tests/support/bad_plugins built, "" or a subdirectory before its name.
inline std::filesystem::path built_plugin(const std::string& name) {
  return std::filesystem::path(BAD_PLUGINS) / (name + ".so");
}

/// A directory of an admin's plugins and one for private copies, gone at the end.
class Installation {
 public:
  Installation() {
    std::string name = std::filesystem::temp_directory_path() / "certspan-loading-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    root_ = name;
    std::filesystem::create_directory(dir());
    std::filesystem::permissions(dir(), std::filesystem::perms(0755));
  }
  ~Installation() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path dir() const { return root_ / "plugins"; }
  std::filesystem::path path(const std::string& id) const { return dir() / (id + ".so"); }

  /// Puts a file there as a package would: a new inode, 0644.
  void install(const std::string& id, BytesView bytes) const {
    const auto fresh = dir() / "fresh";
    write_file(fresh, bytes);
    std::filesystem::permissions(fresh, std::filesystem::perms(0644));
    std::filesystem::rename(fresh, path(id));
  }
  void install(const std::string& id) const { install(id, read_file(built_plugin(id))); }

  PluginSearch search() const {
    PluginSearch search;
    search.dirs = {dir()};
    search.private_dir = root_ / "data" / "run" / "plugins";
    search.probe_program = PROBE_PROGRAM;
    search.trust.danger_allow_unsigned = true;
    return search;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace certspan::test
