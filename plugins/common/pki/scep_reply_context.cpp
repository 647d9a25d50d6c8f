#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::pki {
namespace {

constexpr std::uint32_t kMaxKeptRecipients = 1000;

}  // namespace

ReplyContext make_reply_context(const OuterMessage& outer, const EnvelopeInfo& envelope,
                                const ScepOptions& options) {
  ReplyContext context;
  context.transaction_id = outer.transaction_id();
  context.recipient_nonce = to_bytes(outer.sender_nonce());
  const bool refused_sha1 = outer.digest() == Digest::Sha1 && !options.danger_allow_sha1;
  context.digest = refused_sha1 ? Digest::Sha256 : outer.digest();
  context.envelope = envelope;
  context.signer_certificate = to_bytes(outer.signer_certificate());
  return context;
}

ReplyContext make_reply_context(const OuterMessage& outer, const ScepOptions& options) {
  return make_reply_context(outer, EnvelopeInfo{}, options);
}

Bytes serialize_reply_context(const ReplyContext& context) {
  DerWriter writer(context.signer_certificate.size() + 256);
  writer.begin(tag::kSequence)
      .text(tag::kUtf8String, context.transaction_id)
      .octet_string(context.recipient_nonce);
  writer.integer(static_cast<std::uint64_t>(context.digest)).integer(context.envelope.recipient);
  writer.integer(static_cast<std::uint64_t>(context.envelope.cipher));
  writer.integer(static_cast<std::uint64_t>(context.envelope.transport));
  return writer.octet_string(context.signer_certificate).end().take();
}

Result<ReplyContext> parse_reply_context(BytesView bytes) {
  DerReader outer(bytes, "reply context");
  CERTSPAN_PKI_TRY(DerReader reader, outer.enter(tag::kSequence, "reply context"));
  ReplyContext context;
  CERTSPAN_PKI_TRY(const DerElement transaction_id, reader.expect(tag::kUtf8String));
  context.transaction_id = as_text(transaction_id.content);
  CERTSPAN_PKI_TRY(const BytesView nonce, reader.octet_string());
  context.recipient_nonce = to_bytes(nonce);
  CERTSPAN_PKI_TRY(const std::uint32_t digest,
                   reader.small_integer(static_cast<std::uint32_t>(Digest::Sha512)));
  context.digest = static_cast<Digest>(digest);
  CERTSPAN_PKI_TRY(context.envelope.recipient, reader.small_integer(kMaxKeptRecipients));
  CERTSPAN_PKI_TRY(const std::uint32_t cipher,
                   reader.small_integer(static_cast<std::uint32_t>(ContentCipher::DesCbc)));
  context.envelope.cipher = static_cast<ContentCipher>(cipher);
  CERTSPAN_PKI_TRY(const std::uint32_t transport,
                   reader.small_integer(static_cast<std::uint32_t>(KeyTransport::OaepSha256)));
  context.envelope.transport = static_cast<KeyTransport>(transport);
  CERTSPAN_PKI_TRY(const BytesView certificate, reader.octet_string());
  context.signer_certificate = to_bytes(certificate);
  CERTSPAN_PKI_CHECK(reader.finish());
  return context;
}

}  // namespace certspan::pki
