#include "tests/bench/bench_files.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace certspan::bench {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace certspan::bench
