#include "plugins/common/pki/oid.hpp"

#include <limits>

namespace certspan::pki {

std::string Oid::dotted() const {
  std::string text;
  std::uint64_t arc = 0;
  bool overflow = false;
  for (const std::uint8_t octet : content()) {
    overflow = overflow || arc > (std::numeric_limits<std::uint64_t>::max() >> 7U);
    arc = (arc << 7U) | (octet & 0x7FU);
    if ((octet & 0x80U) != 0) continue;
    if (overflow) {
      text += text.empty() ? "2.?" : ".?";
    } else if (text.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      text = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
    overflow = false;
  }
  return text;
}

}  // namespace certspan::pki
