#include "probe/answer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "probe/scep_attributes.hpp"

namespace certspan::scep_probe {
namespace {

constexpr const char* kLookAtServer =
    "devices turn such an answer away: look at the server, and at proxies before it";

/// The one value of an attribute that stands there once and is of that type; nullopt if it is otherwise.
std::optional<std::string> value_of(CMS_SignerInfo* signer, const char* name, int type) {
  const ObjectPtr object(OBJ_txt2obj(name, 1));
  constexpr int kOnce = -3;
  const auto* text =
      static_cast<ASN1_STRING*>(CMS_signed_get0_data_by_OBJ(signer, object.get(), kOnce, type));
  if (text == nullptr) return std::nullopt;
  return std::string(
      pki::as_text({ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}));
}

/// failInfo with its meaning (RFC 8894, 3.2.1.4), and what that mostly comes from.
Failure refusal(const std::string& info, const std::string& text) {
  struct Meaning {
    std::string_view number;
    const char* name;
    const char* advice;
  };
  static constexpr std::array<Meaning, 5> kMeanings = {{
      {"0", "badAlg: it doesn't take an algorithm of the request",
       "look at the capabilities that the server offers, and at its settings for algorithms"},
      {"1", "badMessageCheck: it could not verify or open the request",
       "see whether the key of the RA is that of the certificate in GetCACert"},
      {"2", "badRequest: it doesn't want to issue this",
       "most often the challenge is wrong, spent or missing (--challenge-file), or the profile does not "
       "allow --subject; the reason is in "
       "the server's log, here by certspan why"},
      {"3", "badTime: it finds the time of the request wrong", "compare the clocks of both machines"},
      {"4", "badCertId: it knows no such certificate", "look into the server's log"},
  }};
  const auto* found = std::ranges::find(kMeanings, info, &Meaning::number);
  const bool known = found != kMeanings.end();
  std::string what =
      "the server refuses: " +
      (known ? found->name : "failInfo \"" + printable(info) + "\", which RFC 8894 doesn't know");
  if (!text.empty()) what += ". It says: " + printable(text);
  return {std::move(what), known ? found->advice : "look into the server's log"};
}

Result<CMS_SignerInfo*> only_signer(CMS_ContentInfo* cms) {
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms);
  if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
    return fail("the answer is no message with one signature", kLookAtServer);
  }
  return sk_CMS_SignerInfo_value(signers, 0);
}

/// Verifies the signature with the certificates of GetCACert and nothing that the answer brings; gives what
/// was signed.
Result<Bytes> verify(CMS_ContentInfo* cms, const Authority& authority) {
  const BorrowedStack known = borrow(authority.certificates);
  const BioPtr out(BIO_new(BIO_s_mem()));
  const BioPtr nothing(BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(nothing.get(), 0);
  const bool detached = CMS_is_detached(cms) == 1;
  const unsigned flags = CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
  if (CMS_verify(cms, known.get(), nullptr, detached ? nothing.get() : nullptr, out.get(), flags) == 1)
    return written(out.get());
  const bool stranger = ERR_GET_REASON(ERR_peek_last_error()) == CMS_R_SIGNER_CERTIFICATE_NOT_FOUND;
  ERR_clear_error();
  if (stranger) {
    return fail("the answer is signed by a certificate that GetCACert doesn't give",
                "devices turn it away: let the endpoint answer with the RA or CA that it shows");
  }
  return fail("the signature of the answer is wrong", kLookAtServer);
}

Result<void> check_signer(CMS_SignerInfo* signer) {
  X509* certificate = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, &certificate, nullptr, nullptr);
  if (certificate == nullptr) return fail("the answer names no signer", kLookAtServer);
  const bool may_sign = (X509_get_key_usage(certificate) & X509v3_KU_DIGITAL_SIGNATURE) != 0;
  if (may_sign || X509_check_ca(certificate) > 0) return {};
  return fail("the answer is signed by an RA whose key usage does not allow signatures",
              "give the endpoint an RA with the usage digitalSignature");
}

Result<void> check_belongs(CMS_SignerInfo* signer, const RequestMessage& request, const Device& device) {
  if (value_of(signer, kMessageType, V_ASN1_PRINTABLESTRING) != std::string(kCertRep)) {
    return fail("the answer is no CertRep", kLookAtServer);
  }
  if (value_of(signer, kTransactionId, V_ASN1_PRINTABLESTRING) != device.transaction_id) {
    return fail("the answer is for another transaction: its transactionID is not that of the request",
                kLookAtServer);
  }
  const auto nonce = value_of(signer, kRecipientNonce, V_ASN1_OCTET_STRING);
  if (!nonce || !pki::equal(pki::as_bytes(*nonce), request.nonce)) {
    return fail("the answer is to another message: its recipientNonce is not the request's senderNonce",
                kLookAtServer);
  }
  return {};
}

/// After CMS_decrypt: its reasons are in the queue.
tl::unexpected<Failure> cannot_open() {
  bool cipher = false;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const int reason = ERR_GET_REASON(code);
    cipher = cipher || (ERR_GET_LIB(code) == ERR_LIB_CMS &&
                        (reason == CMS_R_UNKNOWN_CIPHER || reason == CMS_R_CIPHER_INITIALISATION_ERROR));
  }
  if (cipher) {
    return fail("the answer is encrypted with a cipher that is not used here, such as single DES",
                "have the server use AES; --danger-allow-des reads it all the same");
  }
  return fail("the certificate in the answer can't be opened: it is not encrypted to the key of the request",
              kLookAtServer);
}

Result<Certificates> open_certificates(const Bytes& content, const Device& device) {
  const CmsPtr envelope = read_cms(content);
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!envelope || CMS_decrypt(envelope.get(), device.key.get(), device.signer.get(), nullptr, out.get(),
                               CMS_BINARY) != 1) {
    return cannot_open();
  }
  const CmsPtr list = read_cms(written(out.get()));
  STACK_OF(X509)* stack = list ? CMS_get1_certs(list.get()) : nullptr;
  ERR_clear_error();
  if (stack == nullptr) return fail("the answer says success but holds no certificate", kLookAtServer);
  Certificates certificates;
  for (int i = 0; i < sk_X509_num(stack); ++i) certificates.emplace_back(sk_X509_value(stack, i));
  sk_X509_free(stack);
  return certificates;
}

}  // namespace

Result<Answer> read_answer(BytesView body, const RequestMessage& request, const Device& device,
                           const Authority& authority) {
  const CmsPtr cms = read_cms(body);
  if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) {
    return fail("the answer to PKIOperation is no SCEP message", kLookAtServer);
  }
  CERTSPAN_PROBE_TRY(CMS_SignerInfo* const signer, only_signer(cms.get()));
  CERTSPAN_PROBE_TRY(const Bytes content, verify(cms.get(), authority));
  CERTSPAN_PROBE_CHECK(check_signer(signer));
  CERTSPAN_PROBE_CHECK(check_belongs(signer, request, device));
  const std::string status = value_of(signer, kPkiStatus, V_ASN1_PRINTABLESTRING).value_or("");
  Answer answer;
  if (status == kPending) {
    answer.pending = true;
  } else if (status == kFailure) {
    return tl::unexpected(refusal(value_of(signer, kFailInfo, V_ASN1_PRINTABLESTRING).value_or(""),
                                  value_of(signer, kFailInfoText, V_ASN1_UTF8STRING).value_or("")));
  } else if (status == kSuccess) {
    CERTSPAN_PROBE_TRY(answer.certificates, open_certificates(content, device));
  } else {
    return fail("the answer has no pkiStatus that RFC 8894 knows", kLookAtServer);
  }
  return answer;
}

}  // namespace certspan::scep_probe
