// OCSP requests, as DER and as what a GET has in its path.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/ca_local/ocsp_responder/http_request.hpp"
#include "plugins/common/pki/base64.hpp"
#include "plugins/common/pki/ocsp_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan;
  const pki::BytesView input(data, size);
  static_cast<void>(ca_local::request_in_path("", {reinterpret_cast<const char*>(data), size}));
  const auto from_path = ca_local::request_in_path("/ocsp", "/ocsp/" + pki::base64_encode(input));
  if (from_path && !pki::equal(*from_path, input)) __builtin_trap();
  const auto request = pki::parse_ocsp_request(input);
  if (!request) return 0;
  if (request->cert_ids.empty() || request->cert_ids.size() > pki::kMostCertIds) __builtin_trap();
  for (const pki::CertId& id : request->cert_ids) {
    // What an answer repeats means the same alone.
    const auto alone = pki::parse_cert_id(id.whole);
    if (!alone || !pki::equal(alone->serial, id.serial)) __builtin_trap();
  }
  return 0;
}
