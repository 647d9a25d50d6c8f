#include "sdk/tools/plugin_check/memory.hpp"

#include <malloc.h>

#include <fstream>
#include <sstream>
#include <string>

namespace certspan::check {

MemoryUse MemoryUse::now() {
  MemoryUse use;
  // Of the one arena; a child of the checker has no other.
  const struct mallinfo2 heap = ::mallinfo2();
  use.allocated = heap.uordblks + heap.hblkhd;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("RssAnon:")) continue;
    std::istringstream words(line);
    std::string name;
    std::size_t kilobytes = 0;
    words >> name >> kilobytes;
    use.resident = kilobytes * 1024;
  }
  return use;
}

}  // namespace certspan::check
