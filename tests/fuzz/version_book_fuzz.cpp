// A damaged book of plugin versions is refused or read; what was read is written and read again as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/loading/swap/version_book.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan;
  const auto content = read_version_book({reinterpret_cast<const char*>(data), size});
  if (!content) return 0;
  const std::string text = write_version_book(content->plugins, content->quarantine);
  const auto again = read_version_book(text);
  if (!again || write_version_book(again->plugins, again->quarantine) != text) std::abort();
  return 0;
}
