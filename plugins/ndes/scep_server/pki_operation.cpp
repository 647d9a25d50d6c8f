#include "plugins/ndes/scep_server/pki_operation.hpp"

#include <array>
#include <chrono>

#include "plugins/common/pki/name.hpp"
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

}  // namespace

void PkiOperation::handle(pki::BytesView message, std::string_view address, sdk::Exchange& exchange) const {
  const auto outer = pki::parse_outer(message, parts_.options);
  if (!outer) return refuse_unreadable(message, outer.error(), address, exchange);
  if (outer->transaction_id().size() > kMaxTransactionId) {
    return refuse(*outer, {pki::FailInfo::BadRequest, kRefused, "transactionID is too long"}, address,
                  exchange);
  }
  switch (outer->message_type()) {
    case pki::MessageType::PkcsReq:
    case pki::MessageType::RenewalReq:
      return enrol(*outer, address, exchange);
    case pki::MessageType::CertPoll:
      return poll(*outer, address, exchange);
    case pki::MessageType::GetCert:
    case pki::MessageType::GetCrl:
    case pki::MessageType::CertRep:
    case pki::MessageType::Unknown:
      break;
  }
  refuse(*outer, {pki::FailInfo::BadRequest, kRefused, "messageType is not offered"}, address, exchange);
}

void PkiOperation::enrol(const pki::OuterMessage& outer, std::string_view address,
                         sdk::Exchange& exchange) const {
  const auto envelope = pki::inspect_envelope(parts_.opener, outer);
  if (!envelope) return refuse_fault(outer, envelope.error(), address, exchange);
  const auto cas = parts_.cas.snapshot();
  if (!cas) return respond_later(exchange, "the CA is not ready");
  // Asked before the message is opened, so that the work after the private key's is the same for every
  // signer.
  const SignerStanding standing = parts_.cas.standing(*cas, outer, now());
  if (standing == SignerStanding::Unavailable) return respond_later(exchange, "the CA is not ready");
  if (outer.message_type() == pki::MessageType::RenewalReq && standing != SignerStanding::Ours) {
    return refuse(outer,
                  {pki::FailInfo::BadRequest, kRefused,
                   "a renewal is not signed with a good certificate of this endpoint's CAs"},
                  address, exchange);
  }
  const auto trust =
      standing == SignerStanding::Ours ? pki::SignerTrust::IssuedByUs : pki::SignerTrust::SelfMade;
  const auto opened = pki::open_request(parts_.opener, outer, trust);
  if (!opened) return refuse_fault(outer, opened.error(), address, exchange);
  if (pki::equal(opened->request.spki(), parts_.ra_spki)) {
    return refuse(outer, {pki::FailInfo::BadRequest, kRefused, "the request is for the RA's own key"},
                  address, exchange);
  }
  submit(outer, *opened, standing, address, exchange);
}

void PkiOperation::submit(const pki::OuterMessage& outer, const pki::OpenedRequest& opened,
                          SignerStanding standing, std::string_view address, sdk::Exchange& exchange) const {
  const pki::CertificateRequest& request = opened.request;
  RequestIdentity identity{parts_.endpoint, outer.transaction_id(), request.der(),
                           outer.signer_certificate()};
  const bool own_key = pki::equal(outer.signer_key().spki(), request.spki());
  if (standing == SignerStanding::Stranger && own_key) identity.signer.reset();
  const ItemKey key = item_key(identity);
  const ItemKey later = poll_key(parts_.endpoint, outer.transaction_id(), outer.signer_key().spki());
  const std::array<sdk::Label, 4> labels = {{{"transaction_id", outer.transaction_id()},
                                             {"subject", pki::printable_name(request.subject())},
                                             {"address", std::string(address)},
                                             {"profile", parts_.profile}}};
  const std::size_t label_count = parts_.profile.empty() ? labels.size() - 1 : labels.size();
  const bool renewal = standing == SignerStanding::Ours;
  const auto context =
      pki::serialize_reply_context(pki::make_reply_context(outer, opened.envelope, parts_.options));
  exchange.submit({.key = key,
                   .poll_key = later,
                   .renewal = renewal,
                   .transaction_id = outer.transaction_id(),
                   .request = request.der(),
                   .signer = renewal ? outer.signer_certificate() : pki::BytesView(),
                   .labels = std::span(labels).first(label_count)},
                  context);
}

// The content is not opened: clients fill it in different ways, and what is never looked at can't be asked
// about.
void PkiOperation::poll(const pki::OuterMessage& outer, std::string_view address,
                        sdk::Exchange& exchange) const {
  const auto envelope = pki::inspect_envelope(parts_.opener, outer);
  if (!envelope) return refuse_fault(outer, envelope.error(), address, exchange);
  const ItemKey key = poll_key(parts_.endpoint, outer.transaction_id(), outer.signer_key().spki());
  const auto context =
      pki::serialize_reply_context(pki::make_reply_context(outer, *envelope, parts_.options));
  exchange.poll(key, outer.transaction_id(), context);
}

void PkiOperation::refuse_fault(const pki::OuterMessage& outer, const pki::Fault& fault,
                                std::string_view address, sdk::Exchange& exchange) const {
  if (fault.kind == pki::FaultKind::UnsupportedAlgorithm) {
    return refuse(outer, {pki::FailInfo::BadAlg, kBadAlgorithm, fault.message}, address, exchange);
  }
  refuse(outer, {pki::FailInfo::BadMessageCheck, kCannotOpen, fault.message}, address, exchange);
}

// Nothing says who sent it; where it is clear what it answers to, the answer is signed all the same.
void PkiOperation::refuse_unreadable(pki::BytesView message, const pki::Fault& fault,
                                     std::string_view address, sdk::Exchange& exchange) const {
  if (fault.kind == pki::FaultKind::BadSignature) {
    if (const auto context = pki::read_refusal_context(message, parts_.options)) {
      return send_refusal(*context, {pki::FailInfo::BadMessageCheck, kCannotOpen, fault.message}, address,
                          exchange);
    }
  }
  host_.log(sdk::LogLevel::Info, "message not readable", {{"address", address}, {"cause", fault.message}});
  respond_text(exchange, 400, "this is no SCEP message that can be answered");
}

void PkiOperation::refuse(const pki::OuterMessage& outer, const Refusal& refusal, std::string_view address,
                          sdk::Exchange& exchange) const {
  send_refusal(pki::make_reply_context(outer, parts_.options), refusal, address, exchange);
}

void PkiOperation::send_refusal(const pki::ReplyContext& context, const Refusal& refusal,
                                std::string_view address, sdk::Exchange& exchange) const {
  const std::string reference = new_reference();
  host_.log(sdk::LogLevel::Info, "message refused",
            {{"reference", reference},
             {"transaction", context.transaction_id},
             {"address", address},
             {"cause", refusal.cause}});
  respond_message(exchange, pki::write_failure(parts_.signer, context, refusal.info,
                                               with_reference(refusal.sentence, reference), now()));
}

std::int64_t PkiOperation::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(host_.wall_now().time_since_epoch()).count();
}

}  // namespace certspan::scep
