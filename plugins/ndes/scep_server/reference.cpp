#include "plugins/ndes/scep_server/reference.hpp"

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::scep {

std::string new_reference() {
  return pki::to_hex(pki::random_octets<8>());
}

std::string with_reference(std::string_view sentence, std::string_view reference) {
  std::string text(sentence);
  text += "; reference ";
  text += reference;
  return text;
}

}  // namespace certspan::scep
