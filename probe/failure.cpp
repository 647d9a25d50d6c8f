#include "probe/failure.hpp"

#include <fmt/core.h>

namespace certspan::scep_probe {

std::string printable(std::string_view text, std::size_t longest) {
  std::string shown;
  for (const char character : text) {
    if (shown.size() >= longest) return shown + "...";
    if (character >= ' ' && character <= '~') {
      shown += character;
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
    }
  }
  return shown;
}

}  // namespace certspan::scep_probe
