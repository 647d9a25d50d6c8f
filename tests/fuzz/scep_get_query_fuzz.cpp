// The query of a SCEP GET request: whatever stands in it, parsing ends, and what is decoded could have been
// encoded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/common/pki/base64.hpp"
#include "plugins/ndes/scep_server/get_query.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  const auto parsed = certspan::scep::parse_query(query);
  const auto message = certspan::scep::decode_message(parsed.message);
  if (!message) return 0;
  if (message->size() > parsed.message.size()) std::abort();
  // The plain spelling of the same octets is read the same way.
  const std::string plain = certspan::pki::base64_encode(*message);
  const auto again = certspan::scep::decode_message(plain);
  if (!message->empty() && (!again || *again != *message)) std::abort();
  return 0;
}
