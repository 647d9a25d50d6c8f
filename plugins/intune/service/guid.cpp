#include "plugins/intune/service/guid.hpp"

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::intune {

std::string new_guid() {
  auto octets = pki::random_octets<16>();
  octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0FU) | 0x40U);
  octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3FU) | 0x80U);
  std::string text = pki::to_hex(octets);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

}  // namespace certspan::intune
