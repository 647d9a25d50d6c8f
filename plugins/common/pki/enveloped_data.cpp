#include "plugins/common/pki/enveloped_data.hpp"

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/content_cipher.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/key_transport.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxRecipients = 16;
constexpr std::uint32_t kMaxEnvelopeVersion = 4;

Result<void> read_recipient_identifier(DerReader& reader, EnvelopeRecipient& recipient) {
  if (reader.peek() == tag::context(0)) {
    CERTSPAN_PKI_TRY(const DerElement key_id, reader.next());
    recipient.subject_key_id = key_id.content;
    return {};
  }
  CERTSPAN_PKI_TRY(DerReader identifier, reader.enter(tag::kSequence, "recipient"));
  CERTSPAN_PKI_TRY(const DerElement issuer, identifier.expect(tag::kSequence));
  CERTSPAN_PKI_TRY(const DerElement serial, identifier.expect(tag::kInteger));
  recipient.issuer = issuer.whole;
  recipient.serial = serial.content;
  return identifier.finish();
}

Result<EnvelopeRecipient> read_recipient(DerReader& set) {
  CERTSPAN_PKI_TRY(DerReader reader, set.enter(tag::kSequence, "recipient"));
  EnvelopeRecipient recipient;
  CERTSPAN_PKI_TRY(const std::uint32_t version, reader.small_integer(kMaxEnvelopeVersion));
  static_cast<void>(version);  // 0 or 2, as the identifier says itself
  CERTSPAN_PKI_CHECK(read_recipient_identifier(reader, recipient));
  CERTSPAN_PKI_TRY(recipient.transport, read_algorithm_identifier(reader, "key transport"));
  CERTSPAN_PKI_TRY(recipient.wrapped_key, reader.octet_string());
  CERTSPAN_PKI_CHECK(reader.finish());
  return recipient;
}

Result<void> read_recipients(DerReader& data, Envelope& envelope) {
  CERTSPAN_PKI_TRY(DerReader set, data.enter(tag::kSet, "recipients"));
  for (std::size_t count = 0; !set.at_end(); ++count) {
    if (count == kMaxRecipients) return fault(FaultKind::TooLarge, "envelope: more than 16 recipients");
    if (set.peek() != tag::kSequence) {  // key agreement, passwords and others
      CERTSPAN_PKI_TRY(const DerElement other, set.next());
      static_cast<void>(other);
      continue;
    }
    CERTSPAN_PKI_TRY(const EnvelopeRecipient recipient, read_recipient(set));
    envelope.recipients.push_back(recipient);
  }
  return {};
}

Result<void> read_cipher(DerReader& info, Envelope& envelope) {
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(info, "content cipher"));
  const std::optional<ContentCipher> cipher = cipher_from_oid(identifier.algorithm);
  if (!cipher) {
    return fault(FaultKind::UnsupportedAlgorithm,
                 "envelope: content cipher " + identifier.algorithm.dotted() + " is not supported");
  }
  envelope.cipher = *cipher;
  if (!identifier.parameters || identifier.parameters->tag != tag::kOctetString ||
      identifier.parameters->content.size() != cipher_facts(*cipher).block_size) {
    return fault(FaultKind::Malformed, "envelope: bad initialisation vector");
  }
  envelope.iv = identifier.parameters->content;
  return {};
}

// [0] IMPLICIT OCTET STRING, in one piece or in chunks.
Result<void> read_content(DerReader& info, Envelope& envelope) {
  CERTSPAN_PKI_TRY(const DerElement element, info.next());
  if (element.tag == tag::context(0)) {
    envelope.content = to_bytes(element.content);
  } else if (element.tag == tag::context_constructed(0)) {
    DerReader chunks(element.content, "encrypted content");
    while (!chunks.at_end()) {
      CERTSPAN_PKI_TRY(const BytesView chunk, chunks.octet_string());
      envelope.content.insert(envelope.content.end(), chunk.begin(), chunk.end());
    }
  } else {
    return fault(FaultKind::Malformed, "envelope: no encrypted content");
  }
  if (envelope.content.empty() || envelope.content.size() % cipher_facts(envelope.cipher).block_size != 0) {
    return fault(FaultKind::Malformed, "envelope: encrypted content is not whole blocks");
  }
  return {};
}

// A fresh key of the cipher's size; DES keys get the odd parity that some implementations insist on.
SecretBytes content_key(ContentCipher cipher, BytesView random) {
  SecretBytes key(random.first(cipher_facts(cipher).key_size));
  if (cipher != ContentCipher::DesCbc && cipher != ContentCipher::DesEde3Cbc) return key;
  for (std::uint8_t& octet : key.writable()) {
    const bool odd = (__builtin_popcount(octet >> 1U) & 1) != 0;
    octet = static_cast<std::uint8_t>((octet & 0xFEU) | (odd ? 0U : 1U));
  }
  return key;
}

}  // namespace

Result<Envelope> read_envelope(BytesView der) {
  DerReader outer(der, "envelope");
  CERTSPAN_PKI_TRY(DerReader content_info, outer.enter(tag::kSequence, "envelope"));
  CERTSPAN_PKI_CHECK(outer.finish());
  CERTSPAN_PKI_TRY(const Oid type, content_info.oid());
  if (!(type == oids::kEnvelopedData)) return fault(FaultKind::Malformed, "envelope: no EnvelopedData");
  CERTSPAN_PKI_TRY(DerReader wrapper, content_info.enter(tag::context_constructed(0), "envelope"));
  CERTSPAN_PKI_TRY(DerReader data, wrapper.enter(tag::kSequence, "envelope"));
  CERTSPAN_PKI_TRY(const std::uint32_t version, data.small_integer(kMaxEnvelopeVersion));
  static_cast<void>(version);
  CERTSPAN_PKI_TRY(const std::optional<DerElement> originator, data.optional(tag::context_constructed(0)));
  static_cast<void>(originator);
  Envelope envelope;
  CERTSPAN_PKI_CHECK(read_recipients(data, envelope));
  CERTSPAN_PKI_TRY(DerReader info, data.enter(tag::kSequence, "encrypted content"));
  CERTSPAN_PKI_TRY(const Oid content_type, info.oid());
  static_cast<void>(content_type);
  CERTSPAN_PKI_CHECK(read_cipher(info, envelope));
  CERTSPAN_PKI_CHECK(read_content(info, envelope));
  CERTSPAN_PKI_CHECK(info.finish());
  return envelope;
}

std::string describe_recipients(const Envelope& envelope) {
  std::string text;
  for (const EnvelopeRecipient& recipient : envelope.recipients) {
    if (!text.empty()) text += "; ";
    if (recipient.issuer.empty()) {
      text += "key identifier " + to_hex(recipient.subject_key_id);
    } else {
      text += "serial " + to_hex(recipient.serial) + " of " + printable_name(recipient.issuer);
    }
  }
  return text.empty() ? "nobody by rsa key transport" : text;
}

Result<Bytes> write_envelope(BytesView content, BytesView recipient_certificate, ContentCipher cipher,
                             KeyTransport transport, std::span<const std::uint8_t, 48> random) {
  CERTSPAN_PKI_TRY(const CertificateOutline recipient, read_certificate_outline(recipient_certificate));
  CERTSPAN_PKI_TRY(const PublicKey recipient_key, PublicKey::parse(recipient.spki));
  const SecretBytes key = content_key(cipher, random.first(kMaxCipherKey));
  const BytesView iv = random.subspan(kMaxCipherKey, cipher_facts(cipher).block_size);
  CERTSPAN_PKI_TRY(const Bytes encrypted, encrypt_cbc(cipher, key.reveal(), iv, content));
  CERTSPAN_PKI_TRY(const Bytes wrapped, wrap_key(transport, recipient_key, key.reveal()));

  DerWriter writer(encrypted.size() + wrapped.size() + 512);
  writer.begin(tag::kSequence).oid(oids::kEnvelopedData).begin(tag::context_constructed(0));
  writer.begin(tag::kSequence).integer(0);
  writer.begin(tag::kSet).begin(tag::kSequence).integer(0).raw(issuer_and_serial(recipient));
  write_key_transport(writer, transport);
  writer.octet_string(wrapped).end().end();
  writer.begin(tag::kSequence).oid(oids::kData);
  writer.begin(tag::kSequence).oid(cipher_facts(cipher).oid).octet_string(iv).end();
  writer.primitive(tag::context(0), encrypted).end();
  return writer.end().end().end().take();
}

}  // namespace certspan::pki
