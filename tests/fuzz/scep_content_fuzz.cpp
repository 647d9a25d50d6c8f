// What decryption may give: bytes with some padding, read as a request; and requests that ask for anything,
// signed properly so that the fuzzer gets behind the signature to the profile.
#include <cstddef>
#include <cstdint>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/key_transport.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/profile.hpp"

namespace {

using namespace certspan::pki;

constexpr std::size_t kBlock = 16;

const PrivateKey& key() {
  static const PrivateKey made = generate_private_key(KeySpec::P256).value();
  return made;
}

const Profile& profile() {
  static const Profile made = parse_profile(R"({"san": ["dns", "email", "uri", "ip", "upn"]})").value();
  return made;
}

// A request whose subject and attributes are the input's, cut at the first octet's place.
Bytes signed_request(BytesView input) {
  const std::size_t cut = input.empty() ? 0 : std::min<std::size_t>(input[0], input.size() - 1);
  const BytesView rest = input.empty() ? input : input.subspan(1);
  DerWriter info;
  info.begin(tag::kSequence).integer(0);
  info.begin(tag::kSequence).raw(rest.first(cut)).end().raw(key().public_key().spki());
  info.primitive(tag::context_constructed(0), rest.subspan(cut)).end();
  DerWriter request;
  request.begin(tag::kSequence).raw(info.view());
  write_signature_algorithm(request, key().default_algorithm());
  return request.bit_string(key().sign(Digest::Sha256, info.view()).value()).end().take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  if (size >= kBlock) {
    const UnpaddedSize unpadded = size_without_padding(input, kBlock);
    if (unpadded.size > size) __builtin_trap();
    static_cast<void>(UnverifiedRequest::parse(input.first(unpadded.size)));
  }
  const Result<CertificateRequest> request = parse_certificate_request(signed_request(input));
  if (!request) return 0;
  const std::optional<Violation> violation = check_request(profile(), *request, {});
  if (violation) return 0;
  // What passes asks for no more than the profile has.
  const GrantedUsage granted = granted_usage(profile(), *request);
  if ((granted.key_usage & ~profile().key_usage) != 0) __builtin_trap();
  if (find_extension(request->extensions(), oids::kMsSecurityIdentifier) != nullptr) __builtin_trap();
  return 0;
}
