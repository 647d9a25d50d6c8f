// Foreign tools (openssl, pki, python) as makers and judges of test data; keys are made at run time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::pki::test {

// A directory of this test alone, removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path(std::string_view name) const { return (root_ / name).string(); }
  void write(std::string_view name, BytesView content) const;
  void write(std::string_view name, std::string_view content) const { write(name, as_bytes(content)); }
  Bytes read(std::string_view name) const;
  std::string read_text(std::string_view name) const;

 private:
  std::filesystem::path root_;
};

// The octets that pairs of hexadecimal digits name.
Bytes from_hex(std::string_view text);

struct ToolResult {
  int exit_code = -1;
  std::string output;  // standard output and standard error
};

// Runs a shell command line in the directory.
ToolResult run(const TempDir& dir, const std::string& command);
// The same, where anything but exit code 0 is a fault of the test.
std::string must_run(const TempDir& dir, const std::string& command);

}  // namespace certspan::pki::test
