#include "plugins/common/pki/signed_data.hpp"

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/common/pki/signature_algorithm.hpp"

namespace certspan::pki {
namespace {

constexpr std::uint64_t kSignerByIssuerAndSerial = 1;

void write_signer(DerWriter& writer, const SignedDataTemplate& what, const PrivateKey& key,
                  BytesView signature) {
  writer.begin(tag::kSequence).integer(kSignerByIssuerAndSerial).raw(what.issuer_and_serial);
  writer.algorithm_with_null(digest_oid(what.digest));
  // [0] IMPLICIT in place of the SET's tag.
  const std::uint8_t implicit_tag = tag::context_constructed(0);
  writer.raw(BytesView(&implicit_tag, 1)).raw(what.attributes.subspan(1));
  if (key.public_key().family() == KeyFamily::Rsa) {
    writer.algorithm_with_null(oids::kRsaEncryption);
  } else {
    write_signature_algorithm(writer, {KeyFamily::Ec, what.digest});
  }
  writer.octet_string(signature).end();
}

}  // namespace

void write_attribute(DerWriter& writer, const Oid& type, std::uint8_t value_tag, BytesView value) {
  writer.begin(tag::kSequence).oid(type).begin(tag::kSet).primitive(value_tag, value).end().end();
}

void write_usual_attributes(DerWriter& writer, BytesView content, Digest digest, std::int64_t now) {
  write_attribute(writer, oids::kContentType, tag::kOid, oids::kData.content());
  writer.begin(tag::kSequence).oid(oids::kSigningTime).begin(tag::kSet).time(now).end().end();
  write_attribute(writer, oids::kMessageDigest, tag::kOctetString, hash(digest, content).view());
}

Result<Bytes> write_signed_data(const SignedDataTemplate& what, const PrivateKey& key) {
  CERTSPAN_PKI_TRY(const Bytes signature, key.sign(what.digest, what.attributes));
  DerWriter writer(what.content.size() + what.certificates.size() + what.attributes.size() +
                   signature.size() + 512);
  writer.begin(tag::kSequence).oid(oids::kSignedData).begin(tag::context_constructed(0));
  writer.begin(tag::kSequence).integer(1);
  writer.begin(tag::kSet).algorithm_with_null(digest_oid(what.digest)).end();
  writer.begin(tag::kSequence).oid(oids::kData);
  writer.begin(tag::context_constructed(0)).octet_string(what.content).end().end();
  writer.raw(what.certificates);
  writer.begin(tag::kSet);
  write_signer(writer, what, key, signature);
  writer.end();
  return writer.end().end().end().take();
}

Result<Bytes> write_next_ca(std::span<const BytesView> next, const Certificate& ca, const PrivateKey& ca_key,
                            std::int64_t now) {
  const Bytes content = write_certificates_only(next);
  const Digest digest = ca_key.default_algorithm().digest;
  DerWriter attributes(256);
  attributes.begin(tag::kSet);
  write_usual_attributes(attributes, content, digest, now);
  const Bytes signed_attributes = attributes.end_set_of().take();
  // Some clients look for what comes among the certificates beside the signer's, some inside.
  DerWriter certificates(2048);
  certificates.begin(tag::context_constructed(0)).raw(ca.der());
  for (const BytesView certificate : next) certificates.raw(certificate);
  const Bytes set = certificates.end_set_of().take();
  CERTSPAN_PKI_TRY(const CertificateOutline outline, read_certificate_outline(ca.der()));
  const Bytes signer = issuer_and_serial(outline);
  return write_signed_data({content, digest, signed_attributes, set, signer}, ca_key);
}

}  // namespace certspan::pki
