// GetCert and GetCRL (RFC 8894 3.3.4): questions about certificates that are there already.
//
// What is asked stands in an envelope, and an envelope can be captured, changed and sent again by any
// stranger. So what can't be opened or read is asked about all the same, in the name of nobody, and answered
// like a certificate that there is not.
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/ndes/scep_server/http_answers.hpp"
#include "plugins/ndes/scep_server/pki_operation.hpp"

namespace certspan::scep {
namespace {

constexpr std::string_view kNoSuchCertificate = "there is no such certificate for this request";
constexpr std::string_view kAskedTooEarly = "the CA is not ready";

bool is_not_now(sdk::Outcome outcome) {
  return outcome != sdk::Outcome::Ok && outcome != sdk::Outcome::Rejected &&
         outcome != sdk::Outcome::Unsupported;
}

}  // namespace

// Only to its owner: whoever signs with another certificate of ours for the same subject.
void PkiOperation::send_known_certificate(const Incoming& incoming, sdk::Exchange& exchange) const {
  const pki::OuterMessage& outer = incoming.outer;
  const auto envelope = pki::inspect_envelope(incoming.ras.opener(), outer);
  if (!envelope) return refuse_fault(incoming, envelope.error(), exchange);
  const auto cas = parts_.cas.snapshot();
  if (!cas) return respond_later(exchange, kAskedTooEarly);
  const SignerStanding standing = parts_.cas.standing(*cas, outer, now());
  if (standing == SignerStanding::Unavailable) return respond_later(exchange, kAskedTooEarly);
  const auto refuse_as = [&](std::string_view cause) {
    refuse(incoming, {pki::FailInfo::BadCertId, kNoSuchCertificate, cause}, exchange);
  };
  if (standing != SignerStanding::Ours) {
    return refuse_as("GetCert is not signed with a good certificate of this endpoint's CAs");
  }
  const auto opened = pki::open_certificate_id(incoming.ras.opener(), outer);
  const pki::CertificateId& wanted = opened ? *opened : nobodys_;
  sdk::FoundCertificate found;
  const sdk::Outcome outcome = host_.find("", wanted.issuer, wanted.serial, found);
  if (is_not_now(outcome)) return respond_later(exchange, kAskedTooEarly);
  if (outcome != sdk::Outcome::Ok) return refuse_as("GetCert for a certificate that is not of our CAs");
  const auto certificate = pki::Certificate::parse(found.certificate);
  if (!certificate || !pki::names_equal(certificate->subject(), outer.signer_subject())) {
    return refuse_as("GetCert for a certificate of another subject");
  }
  const pki::BytesView only = found.certificate;
  const auto context = pki::make_reply_context(outer, *envelope, parts_.options);
  respond_message(exchange, pki::write_success(incoming.ras.signer_for(context), context, {&only, 1}, now()));
}

// To everybody, as a CRL is meant for.
void PkiOperation::send_crl(const Incoming& incoming, sdk::Exchange& exchange) const {
  const pki::OuterMessage& outer = incoming.outer;
  const auto envelope = pki::inspect_envelope(incoming.ras.opener(), outer);
  if (!envelope) return refuse_fault(incoming, envelope.error(), exchange);
  const auto opened = pki::open_certificate_id(incoming.ras.opener(), outer);
  const pki::CertificateId& wanted = opened ? *opened : nobodys_;
  // The key that signed this certificate says which CRL, where a CA has had several.
  pki::Bytes key_id;
  sdk::FoundCertificate found;
  const sdk::Outcome known = host_.find("", wanted.issuer, wanted.serial, found);
  if (is_not_now(known)) return respond_later(exchange, kAskedTooEarly);
  if (known == sdk::Outcome::Ok) {
    const auto certificate = pki::Certificate::parse(found.certificate);
    if (certificate) key_id = pki::to_bytes(certificate->authority_key_identifier());
  }
  sdk::ByteBuffer crl;
  const sdk::Outcome outcome = host_.crl("", {.issuer = wanted.issuer, .authority_key_id = key_id}, crl);
  if (is_not_now(outcome)) return respond_later(exchange, kAskedTooEarly);
  if (outcome != sdk::Outcome::Ok) {
    return refuse(incoming,
                  {pki::FailInfo::BadCertId, kNoSuchCertificate, "GetCRL for a CA that gives no CRL here"},
                  exchange);
  }
  const auto context = pki::make_reply_context(outer, *envelope, parts_.options);
  respond_message(exchange, pki::write_crl_success(incoming.ras.signer_for(context), context, crl, now()));
}

}  // namespace certspan::scep
