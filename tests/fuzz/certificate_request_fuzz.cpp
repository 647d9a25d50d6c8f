// PKCS #10 requests as they come.
#include <cstddef>
#include <cstdint>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/name.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::pki;
  const BytesView input(data, size);
  const Result<UnverifiedRequest> unverified = UnverifiedRequest::parse(input);
  if (unverified) static_cast<void>(PublicKey::parse(unverified->spki()));
  const Result<CertificateRequest> request = parse_certificate_request(input);
  if (!request) return 0;
  // What verifies has a subject that prints and keeps its bytes.
  if (!parse_name(request->subject()) || !equal(request->der(), input)) __builtin_trap();
  return 0;
}
