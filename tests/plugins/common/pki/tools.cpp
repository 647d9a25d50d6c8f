#include "tests/plugins/common/pki/tools.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>

namespace certspan::pki::test {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "certspan-pki-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  root_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void TempDir::write(std::string_view name, BytesView content) const {
  std::ofstream file(path(name), std::ios::binary);
  const std::string_view text = as_text(content);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file) throw std::runtime_error("can't write " + path(name));
}

std::string TempDir::read_text(std::string_view name) const {
  std::ifstream file(path(name), std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path(name));
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

Bytes TempDir::read(std::string_view name) const {
  return to_bytes(as_bytes(read_text(name)));
}

Bytes from_hex(std::string_view text) {
  Bytes octets;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    octets.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

ToolResult run(const TempDir& dir, const std::string& command) {
  const std::string line = "cd '" + dir.path("") + "' && { " + command + "; } 2>&1";
  FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run " + command);
  ToolResult result;
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), size);
  }
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string must_run(const TempDir& dir, const std::string& command) {
  ToolResult result = run(dir, command);
  if (result.exit_code != 0) throw std::runtime_error(command + " failed: " + result.output);
  return result.output;
}

}  // namespace certspan::pki::test
