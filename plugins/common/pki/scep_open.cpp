#include <utility>

#include "plugins/common/pki/ber_to_der.hpp"
#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/constant_time.hpp"
#include "plugins/common/pki/content_cipher.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/enveloped_data.hpp"
#include "plugins/common/pki/key_transport.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::pki {
namespace {

constexpr int kMinRecipientBits = 1024;

// A credential with what matching and opening needs.
struct Recipient {
  RaCredential credential;
  Certificate certificate;
  Bytes serial;  // content octets of the INTEGER
  KeyUnwrapper unwrapper;
  Bytes decoy;

  bool is_named_by(const EnvelopeRecipient& named) const {
    if (named.issuer.empty()) return equal(named.subject_key_id, certificate.subject_key_identifier());
    return equal(named.serial, serial) && names_equal(named.issuer, certificate.issuer());
  }
};

// A message that was matched with one of our keys, all from public bytes.
struct MatchedEnvelope {
  Envelope envelope;
  EnvelopeInfo info;
  BytesView wrapped_key;
};

Result<void> check_algorithms(const OuterMessage& outer, ContentCipher cipher, const ScepOptions& options) {
  const auto refuse = [](const std::string& what) {
    return fault(FaultKind::UnsupportedAlgorithm, "scep message: " + what);
  };
  if (outer.digest() == Digest::Sha1 && !options.danger_allow_sha1) return refuse("sha1 is switched off");
  if (cipher == ContentCipher::DesEde3Cbc && !options.danger_allow_3des)
    return refuse("3des is switched off");
  if (cipher == ContentCipher::DesCbc && !options.danger_allow_des)
    return refuse("single des is switched off");
  // A reply is encrypted to the signer, by RSA key transport.
  if (outer.signer_key().family() != KeyFamily::Rsa) return refuse("the signer's key is no rsa key");
  return {};
}

// The one answer to all that goes wrong behind the private key.
tl::unexpected<Fault> cannot_open() {
  return fault(FaultKind::CannotOpen, "the request can't be opened");
}

// Costs what checking the signature of a request of this size costs. The signature is a number just below any
// modulus of its length; it verifies with no key.
void verify_decoy(const PublicKey& key, BytesView data) {
  Bytes signature(key.rsa_modulus().size(), 0x7F);
  if (key.rsa_modulus()[0] < 0x80) signature[0] = 0;
  // What is signed is the request without its signature and the frame around it.
  constexpr std::size_t kFrame = 24;
  const std::size_t unsigned_part = std::min(data.size(), signature.size() + kFrame);
  static_cast<void>(
      key.verify({KeyFamily::Rsa, Digest::Sha256}, data.first(data.size() - unsigned_part), signature));
}

// A request to be read in place of what is none. Smaller than what clients send, by about what refusing that
// costs.
Result<Bytes> make_decoy(const PrivateKey& key) {
  CERTSPAN_PKI_TRY(const Bytes subject, encode_name("CN=device 7,O=Example"));
  RequestTemplate what;
  what.subject = subject;
  return write_certificate_request(what, key);
}

Result<Recipient> make_recipient(RaCredential credential) {
  const PublicKey& key = credential.key->public_key();
  if (key.family() != KeyFamily::Rsa || key.bits() < kMinRecipientBits) {
    return fault(FaultKind::UnsupportedAlgorithm, "ra key: opening messages needs an rsa key");
  }
  CERTSPAN_PKI_TRY(Certificate certificate, Certificate::parse(credential.certificate));
  if (!equal(certificate.spki(), key.spki()))
    return fault(FaultKind::Malformed, "ra certificate: not of the ra key");
  CERTSPAN_PKI_TRY(const CertificateOutline outline, read_certificate_outline(certificate.der()));
  Bytes serial = to_bytes(outline.serial);
  CERTSPAN_PKI_TRY(Bytes decoy, make_decoy(*credential.key));
  KeyUnwrapper unwrapper(*credential.key);
  return Recipient{std::move(credential), std::move(certificate), std::move(serial), std::move(unwrapper),
                   std::move(decoy)};
}

// What decryption gave, with the size that it has without its padding; `good` is no one's to see.
struct Plain {
  SecretBytes octets;
  std::size_t size = 0;
  bool good = false;
};

Result<Plain> decrypt(const Recipient& recipient, const MatchedEnvelope& matched) {
  const CipherFacts& cipher = cipher_facts(matched.info.cipher);
  CERTSPAN_PKI_TRY(const UnwrappedKey key,
                   recipient.unwrapper.unwrap(matched.info.transport, matched.wrapped_key, cipher.key_size));
  CERTSPAN_PKI_TRY(SecretBytes octets, decrypt_cbc(matched.info.cipher, key.key.reveal(), matched.envelope.iv,
                                                   matched.envelope.content));
  const UnpaddedSize unpadded = size_without_padding(octets.reveal(), cipher.block_size);
  return Plain{std::move(octets), unpadded.size, (key.good & unpadded.good) != 0};
}

Result<CertificateId> read_certificate_id(BytesView der) {
  DerReader outer(der, "issuer and serial");
  CERTSPAN_PKI_TRY(DerReader reader, outer.enter(tag::kSequence, "issuer and serial"));
  CERTSPAN_PKI_CHECK(outer.finish());
  CERTSPAN_PKI_TRY(const DerElement issuer, reader.expect(tag::kSequence));
  CERTSPAN_PKI_TRY(const BytesView serial, reader.unsigned_integer());
  CERTSPAN_PKI_CHECK(reader.finish());
  CERTSPAN_PKI_TRY(const Name name, parse_name(issuer.whole));
  static_cast<void>(name);
  return CertificateId{to_bytes(issuer.whole), to_bytes(serial)};
}

// What decryption gave, good or not, and what is needed to find out.
struct Candidate {
  BytesView plain;
  bool opened = false;
  SignerTrust trust = SignerTrust::SelfMade;
  RequestOptions options;
};

// Step by step what stands in the comment of open_request: one reading of a whole request and one signature
// check, whatever the candidate is.
Result<CertificateRequest> read_request(const Candidate& from, const OuterMessage& outer, BytesView decoy) {
  Result<UnverifiedRequest> candidate = UnverifiedRequest::parse(from.plain, from.options);
  if (!candidate) static_cast<void>(UnverifiedRequest::parse(decoy, from.options));
  const PublicKey& signer_key = outer.signer_key();
  const bool of_signer = candidate && equal(candidate->spki(), signer_key.spki());
  if (from.opened && candidate && (of_signer || from.trust == SignerTrust::IssuedByUs)) {
    // The signer's key was decoded already; a renewal may bring another.
    Result<PublicKey> key = of_signer ? Result<PublicKey>(signer_key) : PublicKey::parse(candidate->spki());
    if (key) {
      Result<CertificateRequest> request = std::move(*candidate).verify_with(std::move(*key));
      if (request) return request;
      return cannot_open();
    }
  }
  verify_decoy(signer_key, from.plain);
  return cannot_open();
}

}  // namespace

struct Opener::State {
  ScepOptions options;
  std::vector<Recipient> recipients;

  Result<MatchedEnvelope> match(const OuterMessage& outer) const {
    CERTSPAN_PKI_TRY(MatchedEnvelope matched, read_and_match(outer));
    CERTSPAN_PKI_CHECK(check_algorithms(outer, matched.info.cipher, options));
    return matched;
  }

 private:
  Result<MatchedEnvelope> read_and_match(const OuterMessage& outer) const {
    MatchedEnvelope matched;
    CERTSPAN_PKI_TRY(matched.envelope, read_envelope(outer.enveloped()));
    matched.info.cipher = matched.envelope.cipher;
    for (const EnvelopeRecipient& named : matched.envelope.recipients) {
      for (std::size_t i = 0; i < recipients.size(); ++i) {
        if (!recipients[i].is_named_by(named)) continue;
        matched.info.recipient = i;
        matched.wrapped_key = named.wrapped_key;
        CERTSPAN_PKI_TRY(matched.info.transport, read_key_transport(named.transport));
        return matched;
      }
    }
    return fault(FaultKind::NotForUs, "encrypted to " + describe_recipients(matched.envelope));
  }
};

Opener::Opener(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;
Opener::~Opener() = default;

Result<Opener> Opener::create(std::vector<RaCredential> credentials, const ScepOptions& options) {
  if (options.danger_allow_des && !load_single_des()) {
    return fault(FaultKind::UnsupportedAlgorithm, "single des: OpenSSL has no legacy provider");
  }
  auto state = std::make_unique<State>();
  state->options = options;
  for (RaCredential& credential : credentials) {
    CERTSPAN_PKI_TRY(Recipient recipient, make_recipient(std::move(credential)));
    state->recipients.push_back(std::move(recipient));
  }
  return Opener(std::move(state));
}

Result<EnvelopeInfo> inspect_envelope(const Opener& opener, const OuterMessage& outer) {
  CERTSPAN_PKI_TRY(const MatchedEnvelope matched, opener.state_->match(outer));
  return matched.info;
}

Result<OpenedRequest> open_request(const Opener& opener, const OuterMessage& outer, SignerTrust trust) {
  const Opener::State& state = *opener.state_;
  CERTSPAN_PKI_TRY(const MatchedEnvelope matched, state.match(outer));
  const Recipient& recipient = state.recipients[matched.info.recipient];
  CERTSPAN_PKI_TRY(const Plain plain, decrypt(recipient, matched));
  const Candidate candidate{plain.octets.reveal().first(plain.size),
                            plain.good,
                            trust,
                            {state.options.max_message_size, state.options.danger_allow_sha1}};
  Result<CertificateRequest> request = read_request(candidate, outer, recipient.decoy);
  if (!request) return tl::unexpected(std::move(request).error());
  return OpenedRequest{std::move(*request), matched.info};
}

Result<CertificateId> open_certificate_id(const Opener& opener, const OuterMessage& outer) {
  const Opener::State& state = *opener.state_;
  CERTSPAN_PKI_TRY(const MatchedEnvelope matched, state.match(outer));
  CERTSPAN_PKI_TRY(const Plain plain, decrypt(state.recipients[matched.info.recipient], matched));
  Result<CertificateId> id = read_certificate_id(plain.octets.reveal().first(plain.size));
  if (!plain.good || !id) return cannot_open();
  return id;
}

}  // namespace certspan::pki
