// Certificates: the strict reader, its accessors, and the lenient outline of signer certificates.
#include <cstddef>
#include <cstdint>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::pki;
  const BytesView input(data, size);
  const Result<CertificateOutline> outline = read_certificate_outline(input);
  const Result<Certificate> certificate = Certificate::parse(input);
  if (!certificate) return 0;
  // What the strict reader takes, the lenient one reads alike.
  if (!outline || !equal(outline->issuer, certificate->issuer()) ||
      !equal(outline->spki, certificate->spki())) {
    __builtin_trap();
  }
  static_cast<void>(printable_name(certificate->subject()));
  static_cast<void>(certificate->key_usage());
  static_cast<void>(certificate->extended_key_usage());
  static_cast<void>(certificate->basic_constraints());
  const auto names = certificate->subject_alt_names();
  if (names && *names && parse_general_names(encode_general_names(**names)).value() != **names)
    __builtin_trap();
  static_cast<void>(certificate->verify_issued_by(*certificate));
  const auto blocks = pem_decode(pem_encode(kPemCertificate, input), kPemCertificate);
  if (!blocks || blocks->size() != 1 || !equal((*blocks)[0], input)) __builtin_trap();
  return 0;
}
