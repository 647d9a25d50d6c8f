// SCEP messages (RFC 8894): open what clients send, write what they get.
//
// The order of a server's work, cheapest check first:
//   parse_outer         verifies the outer signature with the key the message brings (one public operation)
//   inspect_envelope    says which of our certificates it is encrypted to, from public bytes alone
//   open_request        decrypts and verifies the PKCS #10 (one private operation), telling nothing on
//   failure write_success | write_failure | write_pending
// A CertPoll needs no decryption at all: it is answered by transactionID and signer key (clients fill
// IssuerAndSubject in different ways), and a content that is never looked at can't be asked about.
// `inspect_envelope` is enough for it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/digest.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/common/pki/public_key.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// messageType (RFC 8894 3.2.1.2). Unknown: a number that we don't speak; the message can still be answered.
enum class MessageType : std::uint8_t {
  Unknown = 0,
  CertRep = 3,
  RenewalReq = 17,
  PkcsReq = 19,
  CertPoll = 20,
  GetCert = 21,
  GetCrl = 22
};

// failInfo (RFC 8894 3.2.1.4), the numbers on the wire.
enum class FailInfo : std::uint8_t {
  BadAlg = 0,
  BadMessageCheck = 1,
  BadRequest = 2,
  BadTime = 3,
  BadCertId = 4
};

// Octets of a senderNonce that is taken: older iOS devices send 8, RFC 8894 3.2.1.5 says 16.
inline constexpr std::size_t kMinNonce = 8;
inline constexpr std::size_t kMaxNonce = 64;

enum class ContentCipher : std::uint8_t { Aes128Cbc, Aes192Cbc, Aes256Cbc, DesEde3Cbc, DesCbc };
enum class KeyTransport : std::uint8_t { Pkcs1, OaepSha1, OaepSha256 };

// Limits and switches of one endpoint.
struct ScepOptions {
  std::size_t max_message_size = 64UL * 1024;  // octets of the CMS message
  bool danger_allow_sha1 = false;              // messages and requests signed with SHA-1
  bool danger_allow_3des = false;              // content in 3DES-CBC
  bool danger_allow_des =
      false;  // content in single DES; loads OpenSSL's legacy provider into a context of its own
};

// A message whose outer signature was verified with the key of the certificate that it brings. That
// certificate proves nothing else: anyone can make one. Owns its bytes; views stay valid when it is moved.
// Immutable.
class OuterMessage {
 public:
  OuterMessage(OuterMessage&&) noexcept = default;
  OuterMessage& operator=(OuterMessage&&) noexcept = default;

  MessageType message_type() const { return message_type_; }
  // As it stands in the PrintableString: 1 to 256 visible ASCII characters.
  const std::string& transaction_id() const { return transaction_id_; }
  BytesView sender_nonce() const { return sender_nonce_; }  // 8 to 64 octets
  Digest digest() const { return digest_; }
  BytesView signer_certificate() const { return signer_certificate_; }  // DER
  const PublicKey& signer_key() const { return *signer_key_; }
  BytesView signer_issuer() const { return signer_issuer_; }    // Name DER
  BytesView signer_subject() const { return signer_subject_; }  // Name DER
  // The EnvelopedData ContentInfo as DER, not yet looked at; empty where the message type has none.
  BytesView enveloped() const { return enveloped_; }

 private:
  friend class OuterParser;
  OuterMessage() = default;

  Bytes der_;
  MessageType message_type_ = MessageType::Unknown;
  std::string transaction_id_;
  BytesView sender_nonce_;
  Digest digest_ = Digest::Sha256;
  BytesView signer_certificate_;
  BytesView signer_issuer_;
  BytesView signer_subject_;
  std::optional<PublicKey> signer_key_;
  Bytes enveloped_;
};

// Reads a pkiMessage: BER with indefinite lengths and chunked strings, or DER; one SignerInfo by issuer and
// serial. Nothing of the signer certificate matters but its name, serial and key. SHA-1 is read here whatever
// the options say, so that `open_request` can refuse it with a signed answer. Faults: Malformed, TooLarge,
// UnsupportedAlgorithm, BadSignature; only the last two can be answered by a signed message, see
// `read_refusal_context`.
Result<OuterMessage> parse_outer(BytesView message, const ScepOptions& options = {});

// A certificate whose key opens messages, and signs the answers to what was encrypted to it.
struct RaCredential {
  std::shared_ptr<const PrivateKey> key;  // shared by the opener and the reply signer of one endpoint
  Bytes certificate;                      // DER
};

// What the public part of an envelope says.
struct EnvelopeInfo {
  std::size_t recipient = 0;  // index of the credential that it is encrypted to
  ContentCipher cipher = ContentCipher::Aes128Cbc;
  KeyTransport transport = KeyTransport::Pkcs1;
};

// Whether the signer's certificate is one that a CA of this endpoint issued. Decided by the caller before
// opening: only then may the request hold another key than the signer's (RFC 8894 3.3.1.2).
enum class SignerTrust : std::uint8_t { SelfMade, IssuedByUs };

struct OpenedRequest {
  CertificateRequest request;
  EnvelopeInfo envelope;
};

// Opens envelopes with the keys of an endpoint: every RA certificate that was ever published, old ones too.
// Thread-safe once created.
struct CertificateId;
class Opener {
 public:
  // Faults: UnsupportedAlgorithm for an EC key or if DES is allowed and OpenSSL has no legacy provider;
  // Malformed for a certificate that does not parse or is not of its key.
  static Result<Opener> create(std::vector<RaCredential> credentials, const ScepOptions& options);

  Opener(Opener&&) noexcept;
  Opener& operator=(Opener&&) noexcept;
  ~Opener();

 private:
  friend Result<EnvelopeInfo> inspect_envelope(const Opener& opener, const OuterMessage& outer);
  friend Result<OpenedRequest> open_request(const Opener& opener, const OuterMessage& outer,
                                            SignerTrust trust);
  friend Result<CertificateId> open_certificate_id(const Opener& opener, const OuterMessage& outer);
  struct State;
  explicit Opener(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

// Uses no private key; what it tells depends on bytes that everyone on the wire can see.
// Faults: NotForUs (the message names the recipients), UnsupportedAlgorithm (cipher, digest or key transport
// that is unknown or switched off, EC signer), Malformed.
Result<EnvelopeInfo> inspect_envelope(const Opener& opener, const OuterMessage& outer);

// Decrypts, reads and verifies the request.
//
// No oracle: an envelope can be captured, changed and signed again by any stranger, so whatever fails from
// the key unwrapping to a verified PKCS #10 whose key is the signer's (or any key, for a signer of ours) is
// one fault with one text, CannotOpen, after the same work: the raw RSA operation, unpadding without branches
// that swaps in a key derived from the ciphertext when the padding is bad, the whole content decryption, one
// reading of a request and one signature check. Which step failed is not told to the caller either. Faults:
// those of inspect_envelope (before any private operation), CannotOpen, Internal.
Result<OpenedRequest> open_request(const Opener& opener, const OuterMessage& outer, SignerTrust trust);

// What a GetCert or GetCRL asks about (IssuerAndSerialNumber, RFC 5652 10.2.4).
struct CertificateId {
  Bytes issuer;  // Name DER, one that can be read
  Bytes serial;  // magnitude
};

// Decrypts and reads it. Whatever fails behind the private key is one fault, CannotOpen, and the caller must
// answer it as it answers "there is no such certificate", after the same work: whoever could tell the two
// apart could ask about the padding of somebody else's envelope. Other faults: those of inspect_envelope
// (before any private operation), Internal.
Result<CertificateId> open_certificate_id(const Opener& opener, const OuterMessage& outer);

// What a reply needs of its request. Small (a certificate and some octets) and free of secrets.
struct ReplyContext {
  std::string transaction_id;
  Bytes recipient_nonce;  // the request's senderNonce, echoed octet by octet
  Digest digest = Digest::Sha256;
  EnvelopeInfo envelope;
  Bytes signer_certificate;  // DER; a success is encrypted to it
};

// For a request that was opened or inspected; without an envelope, for failures before that. The digest is
// the request's, but never SHA-1 unless it is allowed.
ReplyContext make_reply_context(const OuterMessage& outer, const EnvelopeInfo& envelope,
                                const ScepOptions& options);
ReplyContext make_reply_context(const OuterMessage& outer, const ScepOptions& options);

// For a message that `parse_outer` refused with BadSignature or UnsupportedAlgorithm: whom it says it is
// from, so that it can be refused by a signed badMessageCheck or badAlg (RFC 8894 3.2.1.4). Nothing of it is
// proven. nullopt where it can't be read that far.
std::optional<ReplyContext> read_refusal_context(BytesView message, const ScepOptions& options);

// For keeping a context across calls: opaque bytes of this build.
Bytes serialize_reply_context(const ReplyContext& context);
Result<ReplyContext> parse_reply_context(BytesView bytes);

// Signs replies with an RSA key. Thread-safe.
class ReplySigner {
 public:
  // `extra_certificates` (DER) are put into each reply beside the RA certificate; most clients need none.
  // Faults: UnsupportedAlgorithm for an EC key, Malformed.
  static Result<ReplySigner> create(RaCredential credential,
                                    const std::vector<Bytes>& extra_certificates = {});

 private:
  friend class ReplyWriter;
  ReplySigner() = default;
  std::shared_ptr<const PrivateKey> key_;
  Bytes issuer_and_serial_;
  Bytes certificates_;  // [0] IMPLICIT CertificateSet
};

// CertRep messages in the one shape that all known clients accept. `now` is the signing time, seconds since
// 1970. The certificates of a success are DER, the issued one first; they go encrypted to the signer of the
// request. Faults: UnsupportedAlgorithm if the signer's key can't decrypt (EC) or the cipher is gone,
// Malformed, Internal.
Result<Bytes> write_success(const ReplySigner& signer, const ReplyContext& context,
                            std::span<const BytesView> certificates, std::int64_t now);
// The same with a CRL (DER) in place of certificates, for a GetCRL.
Result<Bytes> write_crl_success(const ReplySigner& signer, const ReplyContext& context, BytesView crl,
                                std::int64_t now);
// `text` goes to the device as failInfoText (UTF-8): one sentence and a reference, never a cause.
Result<Bytes> write_failure(const ReplySigner& signer, const ReplyContext& context, FailInfo info,
                            std::string_view text, std::int64_t now);
Result<Bytes> write_pending(const ReplySigner& signer, const ReplyContext& context, std::int64_t now);

// A degenerate certificates-only SignedData (RFC 8894 4.1.2), in the order given; GetCACert with more than
// one.
Bytes write_certificates_only(std::span<const BytesView> certificates);

}  // namespace certspan::pki
