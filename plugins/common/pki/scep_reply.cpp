#include <utility>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/enveloped_data.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/random.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "plugins/common/pki/signed_data.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kEnvelopeRandom = 48;
constexpr std::string_view kCertRep = "3";

// pkiStatus (RFC 8894 3.2.1.3).
constexpr std::string_view kSuccess = "0";
constexpr std::string_view kFailure = "2";
constexpr std::string_view kPending = "3";

struct Reply {
  std::string_view status;
  std::optional<FailInfo> fail_info;
  std::string_view fail_text;
  BytesView content;  // empty but present for failure and pending: certmonger takes an absent one for no
                      // answer at all
};

void write_text_attribute(DerWriter& writer, const Oid& type, std::string_view text) {
  write_attribute(writer, type, tag::kPrintableString, as_bytes(text));
}

// Everything that is random in a reply, in one call: the content key and its vector, then our nonce. Wiped at
// the end.
class ReplyRandom {
 public:
  // A nonce as long as the request's: older iOS devices expect the 8 octets that they send.
  explicit ReplyRandom(const ReplyContext& context)
      : nonce_size_(std::clamp(context.recipient_nonce.size(), kMinNonce, kMaxNonce)) {
    fill_random(octets_);
  }
  ~ReplyRandom() { wipe(octets_.data(), octets_.size()); }
  ReplyRandom(const ReplyRandom&) = delete;
  ReplyRandom& operator=(const ReplyRandom&) = delete;

  std::span<const std::uint8_t, kEnvelopeRandom> for_envelope() const {
    return std::span<const std::uint8_t, kEnvelopeRandom + kMaxNonce>(octets_).first<kEnvelopeRandom>();
  }
  BytesView nonce() const { return BytesView(octets_).subspan(kEnvelopeRandom, nonce_size_); }

 private:
  std::array<std::uint8_t, kEnvelopeRandom + kMaxNonce> octets_{};
  std::size_t nonce_size_;
};

// The signed attributes as SET OF in DER order, which is what is hashed.
Bytes write_signed_attributes(const ReplyContext& context, const Reply& reply, BytesView nonce,
                              std::int64_t now) {
  DerWriter writer(512);
  writer.begin(tag::kSet);
  write_usual_attributes(writer, reply.content, context.digest, now);
  write_text_attribute(writer, oids::kScepMessageType, kCertRep);
  write_text_attribute(writer, oids::kScepPkiStatus, reply.status);
  if (reply.fail_info) {
    const char digit = static_cast<char>('0' + static_cast<int>(*reply.fail_info));
    write_text_attribute(writer, oids::kScepFailInfo, std::string_view(&digit, 1));
    write_attribute(writer, oids::kScepFailInfoText, tag::kUtf8String, as_bytes(reply.fail_text));
  }
  write_attribute(writer, oids::kScepSenderNonce, tag::kOctetString, nonce);
  write_attribute(writer, oids::kScepRecipientNonce, tag::kOctetString, context.recipient_nonce);
  write_text_attribute(writer, oids::kScepTransactionId, context.transaction_id);
  return writer.end_set_of().take();
}

}  // namespace

// The shape of a CertRep that sscep, strongSwan, micromdm, certmonger and jscep all accept: version 1, signer
// by issuer and serial, rsaEncryption as signature algorithm, the digest of the request.
class ReplyWriter {
 public:
  static Result<Bytes> write(const ReplySigner& signer, const ReplyContext& context, const Reply& reply,
                             BytesView nonce, std::int64_t now) {
    const Bytes attributes = write_signed_attributes(context, reply, nonce, now);
    return write_signed_data(
        {reply.content, context.digest, attributes, signer.certificates_, signer.issuer_and_serial_},
        *signer.key_);
  }
};

namespace {

// A SignedData without content and signers. `set` is [0] for certificates or [1] for CRLs.
Bytes write_degenerate(std::uint8_t set, std::span<const BytesView> members) {
  DerWriter writer(4096);
  writer.begin(tag::kSequence).oid(oids::kSignedData).begin(tag::context_constructed(0));
  writer.begin(tag::kSequence).integer(1).begin(tag::kSet).end();
  writer.begin(tag::kSequence).oid(oids::kData).end();
  // In the order given, not DER's: clients take the first for theirs.
  writer.begin(set);
  for (const BytesView member : members) writer.raw(member);
  writer.end().begin(tag::kSet).end();
  return writer.end().end().end().take();
}

Result<Bytes> write_enveloped(const ReplySigner& signer, const ReplyContext& context, const Bytes& content,
                              std::int64_t now) {
  const ReplyRandom random(context);
  CERTSPAN_PKI_TRY(const Bytes envelope,
                   write_envelope(content, context.signer_certificate, context.envelope.cipher,
                                  context.envelope.transport, random.for_envelope()));
  return ReplyWriter::write(signer, context, {kSuccess, {}, {}, envelope}, random.nonce(), now);
}

}  // namespace

Result<ReplySigner> ReplySigner::create(RaCredential credential,
                                        const std::vector<Bytes>& extra_certificates) {
  if (credential.key->public_key().family() != KeyFamily::Rsa) {
    return fault(FaultKind::UnsupportedAlgorithm, "ra key: signing replies needs an rsa key");
  }
  CERTSPAN_PKI_TRY(const Certificate certificate, Certificate::parse(credential.certificate));
  if (!equal(certificate.spki(), credential.key->public_key().spki())) {
    return fault(FaultKind::Malformed, "ra certificate: not of the ra key");
  }
  CERTSPAN_PKI_TRY(const CertificateOutline outline, read_certificate_outline(certificate.der()));
  ReplySigner signer;
  signer.issuer_and_serial_ = issuer_and_serial(outline);
  DerWriter certificates(2048);
  certificates.begin(tag::context_constructed(0)).raw(certificate.der());
  for (const Bytes& extra : extra_certificates) certificates.raw(extra);
  signer.certificates_ = certificates.end().take();
  signer.key_ = std::move(credential.key);
  return signer;
}

Result<Bytes> write_success(const ReplySigner& signer, const ReplyContext& context,
                            std::span<const BytesView> certificates, std::int64_t now) {
  return write_enveloped(signer, context, write_certificates_only(certificates), now);
}

Result<Bytes> write_crl_success(const ReplySigner& signer, const ReplyContext& context, BytesView crl,
                                std::int64_t now) {
  return write_enveloped(signer, context, write_degenerate(tag::context_constructed(1), {&crl, 1}), now);
}

Result<Bytes> write_failure(const ReplySigner& signer, const ReplyContext& context, FailInfo info,
                            std::string_view text, std::int64_t now) {
  return ReplyWriter::write(signer, context, {kFailure, info, text, {}}, ReplyRandom(context).nonce(), now);
}

Result<Bytes> write_pending(const ReplySigner& signer, const ReplyContext& context, std::int64_t now) {
  return ReplyWriter::write(signer, context, {kPending, {}, {}, {}}, ReplyRandom(context).nonce(), now);
}

Bytes write_certificates_only(std::span<const BytesView> certificates) {
  return write_degenerate(tag::context_constructed(0), certificates);
}

}  // namespace certspan::pki
