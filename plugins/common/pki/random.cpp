#include "plugins/common/pki/random.hpp"

#include <stdexcept>

#include <openssl/rand.h>

namespace certspan::pki {

void fill_random(std::span<std::uint8_t> out) {
  if (RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    throw std::runtime_error("the crypto library gave no random octets");
  }
}

}  // namespace certspan::pki
