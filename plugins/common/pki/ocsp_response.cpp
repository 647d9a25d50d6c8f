#include "plugins/common/pki/ocsp_response.hpp"

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {
namespace {

constexpr std::uint8_t kEnumerated = 0x0A;
constexpr std::uint8_t kSuccessful = 0;

void write_response_data(DerWriter& writer, const OcspTemplate& what, const PublicKey& key) {
  writer.begin(tag::kSequence);
  writer.begin(tag::context_constructed(2)).octet_string(key.key_identifier()).end();
  writer.generalized_time(what.produced_at).begin(tag::kSequence);
  for (const OcspSingle& single : what.singles) {
    writer.begin(tag::kSequence).raw(single.cert_id).raw(single.status).generalized_time(what.this_update);
    writer.begin(tag::context_constructed(0)).generalized_time(what.next_update).end().end();
  }
  writer.end();
  if (!what.nonce.empty()) {
    writer.begin(tag::context_constructed(1)).begin(tag::kSequence);
    write_extension(writer, oids::kOcspNonce, false, [&](DerWriter& value) { value.raw(what.nonce); });
    writer.end().end();
  }
  writer.end();
}

}  // namespace

Bytes ocsp_good() {
  return DerWriter().primitive(tag::context(0), {}).take();
}

Bytes ocsp_unknown() {
  return DerWriter().primitive(tag::context(2), {}).take();
}

Bytes ocsp_revoked(std::int64_t at, std::uint8_t reason) {
  DerWriter writer;
  writer.begin(tag::context_constructed(1)).generalized_time(at);
  if (reason != 0)
    writer.begin(tag::context_constructed(0)).primitive(kEnumerated, BytesView(&reason, 1)).end();
  return writer.end().take();
}

Bytes write_ocsp_error(OcspError error) {
  const auto status = static_cast<std::uint8_t>(error);
  return DerWriter().begin(tag::kSequence).primitive(kEnumerated, BytesView(&status, 1)).end().take();
}

Result<Bytes> write_ocsp_response(const OcspTemplate& what, const PrivateKey& key) {
  constexpr std::size_t kAround = 1024;
  DerWriter data;
  write_response_data(data, what, key.public_key());
  const SignatureAlgorithm algorithm = key.default_algorithm();
  CERTSPAN_PKI_TRY(const Bytes signature, key.sign(algorithm.digest, data.view()));

  DerWriter basic(kAround + what.certificate.size());
  basic.begin(tag::kSequence).raw(data.view());
  write_signature_algorithm(basic, algorithm);
  basic.bit_string(signature);
  basic.begin(tag::context_constructed(0)).begin(tag::kSequence).raw(what.certificate).end().end().end();

  DerWriter whole(kAround + what.certificate.size());
  whole.begin(tag::kSequence).primitive(kEnumerated, BytesView(&kSuccessful, 1));
  whole.begin(tag::context_constructed(0)).begin(tag::kSequence).oid(oids::kOcspBasic);
  return whole.octet_string(basic.view()).end().end().end().take();
}

}  // namespace certspan::pki
