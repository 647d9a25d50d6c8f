#include "plugins/ndes/scep_server/pki_operation.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "plugins/common/connector/labels.hpp"
#include "plugins/common/pki/general_names.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/ndes/scep_server/http_answers.hpp"
#include "plugins/ndes/scep_server/item_keys.hpp"
#include "plugins/ndes/scep_server/reference.hpp"

namespace certspan::scep {
namespace {

constexpr std::size_t kMaxTransactionId = 255;
// Told to a device for everything between the key's unwrapping and a verified request, and for what looks
// like it.
constexpr std::string_view kCannotOpen = "the request can't be opened";
constexpr std::string_view kRefused = "the request is refused";
constexpr std::string_view kBadAlgorithm = "an algorithm of the request is not accepted here";
// An answer is encrypted to the signer's key, which only RSA can do in SCEP as clients speak it.
constexpr std::string_view kNeedsRsa = "a request must be signed with an RSA key";

// For the log.
constexpr const char* kSignerOutOfTime =
    "the certificate that signs the renewal has expired or is not valid yet: the device has to enrol anew, "
    "with a "
    "challenge";
constexpr std::string_view kCaNotReady = "the CA is not ready";
constexpr std::string_view kRaNotReady = "the RA is not ready";

/// For the log alone: a renewal that is spelled as a first enrolment (RFC 8894 allows it) doesn't look like
/// one.
pki::Fault with_signer(pki::Fault fault, SignerStanding standing) {
  if (standing == SignerStanding::OursOutOfTime && fault.kind != pki::FaultKind::UnsupportedAlgorithm) {
    fault.message += std::string("; ") + kSignerOutOfTime;
  }
  return fault;
}

}  // namespace

pki::Bytes serialize_message_context(const MessageContext& context) {
  pki::Bytes bytes(context.message.begin(), context.message.end());
  const pki::Bytes reply = pki::serialize_reply_context(context.reply);
  bytes.insert(bytes.end(), reply.begin(), reply.end());
  return bytes;
}

pki::Result<MessageContext> parse_message_context(pki::BytesView bytes) {
  MessageContext context{};
  if (bytes.size() < context.message.size()) {
    return pki::fault(pki::FaultKind::Malformed, "message context: too short");
  }
  std::ranges::copy(bytes.first(context.message.size()), context.message.begin());
  CERTSPAN_PKI_TRY(context.reply, pki::parse_reply_context(bytes.subspan(context.message.size())));
  return context;
}

PkiOperation::PkiOperation(const sdk::Host& host, PkiOperationParts parts)
    : host_(host), parts_(std::move(parts)) {
  auto name = pki::encode_name("CN=certificate of nobody,O=Nobody");
  nobodys_ = {name ? std::move(*name) : pki::Bytes(), pki::Bytes(16, 1)};
}

void PkiOperation::handle(pki::BytesView message, std::string_view address, sdk::Exchange& exchange) {
  const MessageDigest digest = pki::sha256(message);
  if (const auto reply = parts_.cache.find(digest, host_.now())) {
    return exchange.respond({.content_type = kPkiMessage, .body = *reply});
  }
  const auto ras = parts_.ras.now();
  if (!ras) return respond_later(exchange, kRaNotReady);
  const auto outer = pki::parse_outer(message, parts_.options);
  if (!outer) return refuse_unreadable(message, outer.error(), address, *ras, exchange);
  if (!limiter_.allow(poll_key_of(*outer), host_.now())) {
    return respond_later(exchange, "this request comes too often");
  }
  const Incoming incoming{digest, *outer, address, *ras};
  if (outer->transaction_id().size() > kMaxTransactionId) {
    return refuse(incoming, {pki::FailInfo::BadRequest, kRefused, "transactionID is too long"}, exchange);
  }
  switch (outer->message_type()) {
    case pki::MessageType::PkcsReq:
    case pki::MessageType::RenewalReq:
      return enrol(incoming, exchange);
    case pki::MessageType::CertPoll:
      return poll(incoming, exchange);
    case pki::MessageType::GetCert:
      return send_known_certificate(incoming, exchange);
    case pki::MessageType::GetCrl:
      return send_crl(incoming, exchange);
    case pki::MessageType::CertRep:
    case pki::MessageType::Unknown:
      break;
  }
  refuse(incoming, {pki::FailInfo::BadRequest, kRefused, "messageType is not offered"}, exchange);
}

void PkiOperation::enrol(const Incoming& incoming, sdk::Exchange& exchange) const {
  const pki::OuterMessage& outer = incoming.outer;
  const auto envelope = pki::inspect_envelope(incoming.ras.opener(), outer);
  if (!envelope) return refuse_fault(incoming, envelope.error(), exchange);
  const auto cas = parts_.cas.snapshot();
  if (!cas) return respond_later(exchange, kCaNotReady);
  // Asked before the message is opened, so that the work after the private key's is the same for every
  // signer.
  const SignerStanding standing = parts_.cas.standing(*cas, outer, now());
  if (standing == SignerStanding::Unavailable) return respond_later(exchange, kCaNotReady);
  if (outer.message_type() == pki::MessageType::RenewalReq && standing != SignerStanding::Ours) {
    const char* why = standing == SignerStanding::OursOutOfTime
                          ? kSignerOutOfTime
                          : "a renewal is not signed with a good certificate of this endpoint's CAs";
    return refuse(incoming, {pki::FailInfo::BadRequest, kRefused, why}, exchange);
  }
  const auto trust =
      standing == SignerStanding::Ours ? pki::SignerTrust::IssuedByUs : pki::SignerTrust::SelfMade;
  const auto opened = pki::open_request(incoming.ras.opener(), outer, trust);
  // Of the token that holds the key, and never of what came.
  if (!opened && opened.error().kind == pki::FaultKind::Unavailable)
    return respond_later(exchange, kRaNotReady);
  if (!opened) return refuse_fault(incoming, with_signer(opened.error(), standing), exchange);
  if (incoming.ras.has_key(opened->request.spki())) {
    return refuse(incoming, {pki::FailInfo::BadRequest, kRefused, "the request is for the RA's own key"},
                  exchange);
  }
  submit(incoming, *opened, standing, exchange);
}

std::vector<sdk::Label> PkiOperation::labels_of(const Incoming& incoming,
                                                const pki::CertificateRequest& request) const {
  std::vector<sdk::Label> labels = {{"transaction_id", incoming.outer.transaction_id()},
                                    {"subject", pki::printable_name(request.subject())},
                                    {"address", std::string(incoming.address)}};
  if (!parts_.profile.empty()) labels.push_back({"profile", parts_.profile});
  const auto* const names = pki::find_extension(request.extensions(), pki::oids::kSubjectAltName);
  const std::string lines =
      names == nullptr ? std::string() : pki::names_for_people(names->value, connector::kLongestLabel);
  if (!lines.empty()) labels.push_back({"names", lines});
  return labels;
}

void PkiOperation::submit(const Incoming& incoming, const pki::OpenedRequest& opened, SignerStanding standing,
                          sdk::Exchange& exchange) const {
  const pki::OuterMessage& outer = incoming.outer;
  const pki::CertificateRequest& request = opened.request;
  RequestIdentity identity{parts_.endpoint, outer.transaction_id(), request.der(),
                           outer.signer_certificate()};
  const bool own_key = pki::equal(outer.signer_key().spki(), request.spki());
  if (standing == SignerStanding::Stranger && own_key) identity.signer.reset();
  const ItemKey key = item_key(identity);
  const ItemKey later = poll_key_of(outer);
  const std::vector<sdk::Label> labels = labels_of(incoming, request);
  const bool renewal = standing == SignerStanding::Ours;
  const auto context = serialize_message_context(
      {incoming.digest, pki::make_reply_context(outer, opened.envelope, parts_.options)});
  exchange.submit({.key = key,
                   .poll_key = later,
                   .renewal = renewal,
                   .transaction_id = outer.transaction_id(),
                   .request = request.der(),
                   .signer = renewal ? outer.signer_certificate() : pki::BytesView(),
                   .labels = labels},
                  context);
}

// The content is not opened: clients fill it in different ways, and what is never looked at can't be asked
// about.
void PkiOperation::poll(const Incoming& incoming, sdk::Exchange& exchange) const {
  const pki::OuterMessage& outer = incoming.outer;
  const auto envelope = pki::inspect_envelope(incoming.ras.opener(), outer);
  if (!envelope) return refuse_fault(incoming, envelope.error(), exchange);
  const auto context =
      serialize_message_context({incoming.digest, pki::make_reply_context(outer, *envelope, parts_.options)});
  exchange.poll(poll_key_of(outer), outer.transaction_id(), context);
}

// Nothing says who sent it; where it is clear what it answers to, the answer is signed all the same.
void PkiOperation::refuse_unreadable(pki::BytesView message, const pki::Fault& fault,
                                     std::string_view address, const RaSet& ras,
                                     sdk::Exchange& exchange) const {
  const bool bad_algorithm = fault.kind == pki::FaultKind::UnsupportedAlgorithm;
  if (bad_algorithm || fault.kind == pki::FaultKind::BadSignature) {
    if (auto context = pki::read_refusal_context(message, parts_.options)) {
      context->envelope.recipient = ras.unknown_envelope().recipient;
      const Refusal refusal = bad_algorithm
                                  ? Refusal{pki::FailInfo::BadAlg, kBadAlgorithm, fault.message}
                                  : Refusal{pki::FailInfo::BadMessageCheck, kCannotOpen, fault.message};
      return send_refusal(*context, refusal, address, ras, exchange);
    }
  }
  host_.log(sdk::LogLevel::Info, "message not readable", {{"address", address}, {"cause", fault.message}});
  respond_text(exchange, 400, "this is no SCEP message that can be answered");
}

void PkiOperation::refuse_fault(const Incoming& incoming, const pki::Fault& fault,
                                sdk::Exchange& exchange) const {
  if (fault.kind == pki::FaultKind::UnsupportedAlgorithm) {
    const bool rsa = incoming.outer.signer_key().family() == pki::KeyFamily::Rsa;
    return refuse(incoming, {pki::FailInfo::BadAlg, rsa ? kBadAlgorithm : kNeedsRsa, fault.message},
                  exchange);
  }
  refuse(incoming, {pki::FailInfo::BadMessageCheck, kCannotOpen, fault.message}, exchange);
}

void PkiOperation::refuse(const Incoming& incoming, const Refusal& refusal, sdk::Exchange& exchange) const {
  // Under the name of the RA that it was meant for, as far as that can be read.
  const auto envelope = pki::inspect_envelope(incoming.ras.opener(), incoming.outer);
  send_refusal(pki::make_reply_context(incoming.outer, envelope.value_or(incoming.ras.unknown_envelope()),
                                       parts_.options),
               refusal, incoming.address, incoming.ras, exchange);
}

void PkiOperation::send_refusal(const pki::ReplyContext& context, const Refusal& refusal,
                                std::string_view address, const RaSet& ras, sdk::Exchange& exchange) const {
  const std::string reference = new_reference();
  host_.log(sdk::LogLevel::Info, "message refused",
            {{"reference", reference},
             {"transaction", context.transaction_id},
             {"address", address},
             {"cause", refusal.cause}});
  respond_message(exchange, pki::write_failure(ras.signer_for(context), context, refusal.info,
                                               with_reference(refusal.sentence, reference), now()));
}

ItemKey PkiOperation::poll_key_of(const pki::OuterMessage& outer) const {
  return poll_key(parts_.endpoint, outer.transaction_id(), outer.signer_key().spki());
}

std::int64_t PkiOperation::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(host_.wall_now().time_since_epoch()).count();
}

}  // namespace certspan::scep
