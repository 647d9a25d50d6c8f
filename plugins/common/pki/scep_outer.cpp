#include <utility>

#include "plugins/common/pki/ber_to_der.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/common/pki/text.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxAttributes = 32;
constexpr std::size_t kMaxCertificates = 16;
constexpr std::size_t kMaxTransactionId = 256;
constexpr std::uint32_t kMaxVersion = 5;

// The parts of a SignedData that a pkiMessage needs; views point into the message.
struct SignedParts {
  BytesView content;  // eContent's octets
  std::vector<BytesView> certificates;
  BytesView signer_issuer;
  BytesView signer_serial;
  Oid digest_oid;
  std::optional<Digest> digest;  // nullopt for one that is not supported
  AlgorithmIdentifier signature_algorithm;
  DerElement attributes;  // [0] IMPLICIT SET OF Attribute
  BytesView signature;
};

struct ScepAttributes {
  std::optional<DerElement> content_type;
  std::optional<DerElement> message_digest;
  std::optional<DerElement> message_type;
  std::optional<DerElement> transaction_id;
  std::optional<DerElement> sender_nonce;
};

tl::unexpected<Fault> malformed(const std::string& detail) {
  return fault(FaultKind::Malformed, "scep message: " + detail);
}

Result<void> read_content(DerReader& data, SignedParts& parts) {
  CERTSPAN_PKI_TRY(DerReader info, data.enter(tag::kSequence, "signed content"));
  CERTSPAN_PKI_TRY(const Oid type, info.oid());
  if (!(type == oids::kData)) return malformed("signed content is not of type data");
  if (info.at_end()) return {};
  CERTSPAN_PKI_TRY(DerReader wrapper, info.enter(tag::context_constructed(0), "signed content"));
  CERTSPAN_PKI_TRY(parts.content, wrapper.octet_string());
  CERTSPAN_PKI_CHECK(wrapper.finish());
  return info.finish();
}

Result<void> read_certificates(DerReader& data, SignedParts& parts) {
  CERTSPAN_PKI_TRY(const std::optional<DerElement> set, data.optional(tag::context_constructed(0)));
  if (!set) return malformed("no signer certificate in it");
  DerReader members(set->content, "certificates");
  while (!members.at_end()) {
    if (parts.certificates.size() == kMaxCertificates) {
      return fault(FaultKind::TooLarge, "scep message: more than 16 certificates");
    }
    CERTSPAN_PKI_TRY(const DerElement certificate, members.next());
    if (certificate.tag == tag::kSequence) parts.certificates.push_back(certificate.whole);
  }
  return {};
}

Result<void> read_signer_info(DerReader& data, SignedParts& parts) {
  CERTSPAN_PKI_TRY(DerReader set, data.enter(tag::kSet, "signers"));
  CERTSPAN_PKI_TRY(DerReader signer, set.enter(tag::kSequence, "signer"));
  CERTSPAN_PKI_CHECK(set.finish());  // exactly one
  CERTSPAN_PKI_TRY(const std::uint32_t version, signer.small_integer(kMaxVersion));
  static_cast<void>(version);
  CERTSPAN_PKI_TRY(DerReader identifier, signer.enter(tag::kSequence, "signer"));
  CERTSPAN_PKI_TRY(const DerElement issuer, identifier.expect(tag::kSequence));
  CERTSPAN_PKI_TRY(const DerElement serial, identifier.expect(tag::kInteger));
  CERTSPAN_PKI_CHECK(identifier.finish());
  parts.signer_issuer = issuer.whole;
  parts.signer_serial = serial.content;
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier digest, read_algorithm_identifier(signer, "signer digest"));
  parts.digest_oid = digest.algorithm;
  parts.digest = digest_from_oid(digest.algorithm);
  CERTSPAN_PKI_TRY(parts.attributes, signer.expect(tag::context_constructed(0)));
  CERTSPAN_PKI_TRY(parts.signature_algorithm, read_algorithm_identifier(signer, "signer"));
  CERTSPAN_PKI_TRY(parts.signature, signer.octet_string());
  return {};
}

Result<SignedParts> read_signed_data(BytesView der) {
  DerReader outer(der, "scep message");
  CERTSPAN_PKI_TRY(DerReader content_info, outer.enter(tag::kSequence, "scep message"));
  CERTSPAN_PKI_TRY(const Oid type, content_info.oid());
  if (!(type == oids::kSignedData)) return malformed("no SignedData");
  CERTSPAN_PKI_TRY(DerReader wrapper, content_info.enter(tag::context_constructed(0), "scep message"));
  CERTSPAN_PKI_TRY(DerReader data, wrapper.enter(tag::kSequence, "signed data"));
  CERTSPAN_PKI_TRY(const std::uint32_t version, data.small_integer(kMaxVersion));
  static_cast<void>(version);
  CERTSPAN_PKI_TRY(const DerElement digests, data.expect(tag::kSet));
  static_cast<void>(digests);  // a hint for one-pass readers; the SignerInfo says what counts
  SignedParts parts;
  CERTSPAN_PKI_CHECK(read_content(data, parts));
  CERTSPAN_PKI_CHECK(read_certificates(data, parts));
  CERTSPAN_PKI_TRY(const std::optional<DerElement> crls, data.optional(tag::context_constructed(1)));
  static_cast<void>(crls);
  CERTSPAN_PKI_CHECK(read_signer_info(data, parts));
  CERTSPAN_PKI_CHECK(data.finish());
  return parts;
}

std::optional<DerElement>* slot_for(ScepAttributes& attributes, const Oid& type) {
  if (type == oids::kContentType) return &attributes.content_type;
  if (type == oids::kMessageDigest) return &attributes.message_digest;
  if (type == oids::kScepMessageType) return &attributes.message_type;
  if (type == oids::kScepTransactionId) return &attributes.transaction_id;
  if (type == oids::kScepSenderNonce) return &attributes.sender_nonce;
  return nullptr;
}

Result<ScepAttributes> read_attributes(const DerElement& set) {
  ScepAttributes attributes;
  DerReader members(set.content, "signed attributes");
  for (std::size_t count = 0; !members.at_end(); ++count) {
    if (count == kMaxAttributes) return fault(FaultKind::TooLarge, "scep message: more than 32 attributes");
    CERTSPAN_PKI_TRY(DerReader attribute, members.enter(tag::kSequence, "signed attribute"));
    CERTSPAN_PKI_TRY(const Oid type, attribute.oid());
    CERTSPAN_PKI_TRY(DerReader values, attribute.enter(tag::kSet, "signed attribute"));
    CERTSPAN_PKI_CHECK(attribute.finish());
    std::optional<DerElement>* slot = slot_for(attributes, type);
    if (slot == nullptr) continue;
    if (slot->has_value()) return malformed("attribute " + type.dotted() + " stands there twice");
    CERTSPAN_PKI_TRY(*slot, values.next());
    CERTSPAN_PKI_CHECK(values.finish());
  }
  return attributes;
}

Result<Digest> supported_digest(const SignedParts& parts) {
  if (parts.digest) return *parts.digest;
  return fault(FaultKind::UnsupportedAlgorithm,
               "scep message: digest " + parts.digest_oid.dotted() + " is not supported");
}

Result<SignatureAlgorithm> signature_algorithm(const SignedParts& parts, Digest digest,
                                               const PublicKey& key) {
  // rsaEncryption and ecPublicKey name the key; the digest stands beside them (RFC 3370 3.2).
  const Oid& oid = parts.signature_algorithm.algorithm;
  if (oid == oids::kRsaEncryption || oid == oids::kEcPublicKey)
    return SignatureAlgorithm{key.family(), digest};
  DerWriter writer(32);
  writer.algorithm(oid);
  DerReader reader(writer.view(), "signer");
  CERTSPAN_PKI_TRY(const SignatureAlgorithm algorithm, read_signature_algorithm(reader, "signer"));
  if (algorithm.digest != digest) return malformed("signer names two digests");
  return algorithm;
}

// The attributes as they are signed: a SET in DER order, or in the order that they came in.
Bytes attributes_to_verify(const DerElement& attributes, bool sorted) {
  DerWriter writer(attributes.whole.size());
  writer.begin(tag::kSet).raw(attributes.content);
  if (sorted) {
    writer.end_set_of();
  } else {
    writer.end();
  }
  return writer.take();
}

Result<void> verify_signature(const SignedParts& parts, Digest digest, const PublicKey& key) {
  CERTSPAN_PKI_TRY(const SignatureAlgorithm algorithm, signature_algorithm(parts, digest, key));
  const Bytes as_it_came = attributes_to_verify(parts.attributes, false);
  Result<void> verified = key.verify(algorithm, as_it_came, parts.signature);
  if (!verified && verified.error().kind == FaultKind::BadSignature) {
    // A sender may encode the attributes in any order, but signs their DER (RFC 5652 5.4).
    const Bytes sorted = attributes_to_verify(parts.attributes, true);
    if (sorted != as_it_came) verified = key.verify(algorithm, sorted, parts.signature);
  }
  if (!verified) return fault(verified.error().kind, "scep message: " + verified.error().message);
  return {};
}

Result<void> check_content_digest(const SignedParts& parts, Digest digest, const ScepAttributes& attributes) {
  if (!attributes.message_digest || attributes.message_digest->tag != tag::kOctetString) {
    return malformed("no message digest");
  }
  if (!equal(hash(digest, parts.content).view(), attributes.message_digest->content)) {
    return fault(FaultKind::BadSignature, "scep message: the content is not what was signed");
  }
  const std::optional<DerElement>& type = attributes.content_type;
  if (!type || type->tag != tag::kOid || !equal(type->content, oids::kData.content())) {
    return malformed("content type is not data");
  }
  return {};
}

Result<std::string> read_transaction_id(const ScepAttributes& attributes) {
  if (!attributes.transaction_id) return malformed("no transaction id");
  CERTSPAN_PKI_TRY(std::string id, read_text_of_clients(*attributes.transaction_id, "transaction id"));
  // A PrintableString may hold spaces (RFC 8894 3.2.1.1), but nothing that could break a line of a log.
  const bool printable = std::ranges::all_of(id, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (id.empty() || id.size() > kMaxTransactionId || !printable) return malformed("bad transaction id");
  return id;
}

Result<MessageType> read_message_type(const ScepAttributes& attributes) {
  if (!attributes.message_type) return malformed("no message type");
  CERTSPAN_PKI_TRY(const std::string text, read_text(*attributes.message_type, "message type"));
  static constexpr std::array<std::pair<std::string_view, MessageType>, 6> kTypes = {{
      {"19", MessageType::PkcsReq},
      {"17", MessageType::RenewalReq},
      {"20", MessageType::CertPoll},
      {"21", MessageType::GetCert},
      {"22", MessageType::GetCrl},
      {"3", MessageType::CertRep},
  }};
  for (const auto& [number, type] : kTypes) {
    if (number == text) return type;
  }
  return MessageType::Unknown;
}

Result<BytesView> read_sender_nonce(const ScepAttributes& attributes) {
  if (!attributes.sender_nonce || attributes.sender_nonce->tag != tag::kOctetString) {
    return malformed("no sender nonce");
  }
  const BytesView nonce = attributes.sender_nonce->content;
  if (nonce.size() < kMinNonce || nonce.size() > kMaxNonce) return malformed("bad sender nonce");
  return nonce;
}

}  // namespace

class OuterParser {
 public:
  static Result<OuterMessage> parse(BytesView input, const ScepOptions& options) {
    OuterMessage message;
    CERTSPAN_PKI_TRY(message.der_, ber_to_der(input, options.max_message_size));
    CERTSPAN_PKI_TRY(const SignedParts parts, read_signed_data(message.der_));
    CERTSPAN_PKI_TRY(message.digest_, supported_digest(parts));
    CERTSPAN_PKI_CHECK(find_signer(message, parts));
    CERTSPAN_PKI_TRY(const ScepAttributes attributes, read_attributes(parts.attributes));
    CERTSPAN_PKI_CHECK(check_content_digest(parts, message.digest_, attributes));
    CERTSPAN_PKI_CHECK(verify_signature(parts, message.digest_, *message.signer_key_));
    CERTSPAN_PKI_TRY(message.transaction_id_, read_transaction_id(attributes));
    CERTSPAN_PKI_TRY(message.message_type_, read_message_type(attributes));
    CERTSPAN_PKI_TRY(message.sender_nonce_, read_sender_nonce(attributes));
    // Bytes that are no BER at all stay as they are: the envelope reader refuses them with an answer that can
    // be signed.
    Result<Bytes> enveloped = ber_to_der(parts.content, options.max_message_size);
    message.enveloped_ = enveloped ? std::move(*enveloped) : to_bytes(parts.content);
    return message;
  }

 private:
  static Result<void> find_signer(OuterMessage& message, const SignedParts& parts) {
    for (const BytesView certificate : parts.certificates) {
      CERTSPAN_PKI_TRY(const CertificateOutline outline, read_certificate_outline(certificate));
      if (!equal(outline.serial, parts.signer_serial) || !names_equal(outline.issuer, parts.signer_issuer))
        continue;
      message.signer_certificate_ = certificate;
      message.signer_issuer_ = outline.issuer;
      message.signer_subject_ = outline.subject;
      CERTSPAN_PKI_TRY(message.signer_key_, PublicKey::parse(outline.spki));
      return {};
    }
    return malformed("the signer's certificate is not in it");
  }
};

Result<OuterMessage> parse_outer(BytesView message, const ScepOptions& options) {
  return OuterParser::parse(message, options);
}

std::optional<ReplyContext> read_refusal_context(BytesView message, const ScepOptions& options) {
  const Result<Bytes> der = ber_to_der(message, options.max_message_size);
  if (!der) return std::nullopt;
  const Result<SignedParts> parts = read_signed_data(*der);
  if (!parts) return std::nullopt;
  const Result<ScepAttributes> attributes = read_attributes(parts->attributes);
  if (!attributes) return std::nullopt;
  Result<std::string> transaction_id = read_transaction_id(*attributes);
  const Result<BytesView> nonce = read_sender_nonce(*attributes);
  if (!transaction_id || !nonce) return std::nullopt;
  ReplyContext context;
  context.transaction_id = std::move(*transaction_id);
  context.recipient_nonce = to_bytes(*nonce);
  const Digest digest = parts->digest.value_or(Digest::Sha256);
  context.digest = digest == Digest::Sha1 && !options.danger_allow_sha1 ? Digest::Sha256 : digest;
  return context;
}

}  // namespace certspan::pki
