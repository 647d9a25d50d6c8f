// Outer SCEP messages and the public part of their envelopes: all that a stranger can reach without a key.
#include <cstddef>
#include <cstdint>

#include "plugins/common/pki/ber_to_der.hpp"
#include "plugins/common/pki/enveloped_data.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace {

constexpr std::size_t kMaxInput = 16 * 1024;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::pki;
  if (size > kMaxInput) return 0;
  const BytesView input(data, size);
  static_cast<void>(parse_outer(input));
  const Result<Bytes> der = ber_to_der(input, kMaxInput);
  if (!der) return 0;
  // What has become DER once stays as it is.
  const Result<Bytes> again = ber_to_der(*der, 2 * kMaxInput);
  if (!again || *again != *der) __builtin_trap();
  const Result<Envelope> envelope = read_envelope(*der);
  if (envelope) static_cast<void>(describe_recipients(*envelope));
  static_cast<void>(parse_reply_context(input));
  return 0;
}
