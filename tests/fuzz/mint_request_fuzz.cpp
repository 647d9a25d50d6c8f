// What a program sends that wants a challenge: whatever stands in the body or in the field Authorization,
// reading ends; what is read keeps its bounds, and what it would be bound to can be put into a record.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/ndes/challenge/challenge_record.hpp"
#include "plugins/ndes/minting/credentials.hpp"
#include "plugins/ndes/minting/mint_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::scep;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Credentials credentials = parse_credentials(text);
  if (credentials.user.size() + credentials.secret.size() > size) std::abort();
  const auto wish = parse_mint_request(text);
  if (!wish) {
    if (wish.error().message.empty()) std::abort();
    return 0;
  }
  if (wish->endpoint || (wish->san && wish->san->size() > kMostAlternativeNames)) std::abort();
  ChallengeOrder order;
  bool told = false;
  const BindingFault fault = [&](std::string_view, std::string_view) { told = true; };
  if (read_order(*wish, order, fault) == told) std::abort();
  if (told) return 0;
  const auto record =
      encode_record({.binding = order.binding, .device = order.device, .expires_ms = 1, .used_by = {}});
  const auto again = decode_record(certspan::pki::as_bytes(record));
  if (!again || again->device != order.device || again->binding.san != order.binding.san) std::abort();
  return 0;
}
