#include "plugins/common/pki/scep_message.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"
#include "tests/plugins/common/pki/scep_lab.hpp"

namespace certspan::pki {
namespace {

using Catch::Matchers::Contains;
using test::ScepLab;

constexpr std::int64_t kNow = 1790000000;

// The messages of most tests: made once, since the client's key and Python's start take half a second.
const ScepLab& lab() {
  static const ScepLab shared(R"(
    {"name": "aes128"}, {"name": "aes192", "cipher": "aes192", "digest": "sha384"},
    {"name": "aes256", "cipher": "aes256", "digest": "sha512"},
    {"name": "oaep1", "transport": "oaep-sha1"}, {"name": "oaep256", "transport": "oaep-sha256", "cipher": "aes256"},
    {"name": "des3", "cipher": "des3"}, {"name": "des", "cipher": "des", "digest": "sha1", "csr_digest": "sha1"},
    {"name": "sha1", "digest": "sha1"}, {"name": "sha1_csr", "csr_digest": "sha1"},
    {"name": "ber", "ber_chunk": 1000}, {"name": "ber_small", "ber_chunk": 7}, {"name": "unsorted", "break": "unsorted"},
    {"name": "poll", "type": "20", "challenge": "x"}, {"name": "renewal", "type": "17"}, {"name": "odd", "type": "99"},
    {"name": "short_nonce", "nonce": 8}, {"name": "tiny_nonce", "nonce": 7},
    {"name": "many", "recipients": ["stranger", "ra"]}, {"name": "foreign", "recipients": ["stranger"]},
    {"name": "ec", "signer": "ec", "csr_key": "ec"}, {"name": "other_key", "csr_key": "stranger"},
    {"name": "other_ec_key", "csr_key": "ec"},
    {"name": "base64_id", "transaction_id": "3q2+7/wAAAAAAAAAAAAAAAAAAAA="},
    {"name": "spaced_id", "transaction_id": " laptop 7 "},
    {"name": "bmp", "challenge": "schlüssel", "challenge_type": "bmp"},
    {"name": "no_nonce", "omit": ["2.16.840.1.113733.1.9.5"]}, {"name": "no_id", "omit": ["2.16.840.1.113733.1.9.7"]},
    {"name": "no_type", "omit": ["2.16.840.1.113733.1.9.2"]}, {"name": "twice", "break": "twice"},
    {"name": "no_digest", "omit": ["1.2.840.113549.1.9.4"]},
    {"name": "bad_digest", "break": "digest"}, {"name": "bad_signature", "break": "signature"})");
  return shared;
}

OuterMessage outer(const std::string& name) {
  return parse_outer(lab().message(name)).value();
}

FaultKind outer_fault(const std::string& name) {
  const Result<OuterMessage> message = parse_outer(lab().message(name));
  REQUIRE_FALSE(message);
  return message.error().kind;
}

FaultKind open_fault(const std::string& name, const ScepOptions& options = {},
                     SignerTrust trust = SignerTrust::SelfMade) {
  const Result<OpenedRequest> opened = open_request(lab().opener(options), outer(name), trust);
  REQUIRE_FALSE(opened);
  return opened.error().kind;
}

// Opens a message, issues a certificate and gives the independent reader's opinion of the reply.
std::string enrol(const std::string& name, const ScepOptions& options = {}) {
  const OuterMessage message = outer(name);
  const Result<OpenedRequest> opened = open_request(lab().opener(options), message, SignerTrust::SelfMade);
  REQUIRE(opened);
  CHECK(equal(opened->request.der(), lab().csr(name)));
  const Bytes issued = lab().issue(opened->request);
  const std::array<BytesView, 1> certificates = {issued};
  const ReplyContext context = make_reply_context(message, opened->envelope, options);
  return lab().judge(name, write_success(lab().signer(), context, certificates, kNow).value());
}

}  // namespace

TEST_CASE("a request in each modern algorithm gets a certificate in the same algorithms") {
  const auto [name, expected] = GENERATE(table<std::string, std::string>({
      {"aes128", "digest=sha256\ncipher=aes128\ntransport=pkcs1\n"},
      {"aes192", "digest=sha384\ncipher=aes192\ntransport=pkcs1\n"},
      {"aes256", "digest=sha512\ncipher=aes256\ntransport=pkcs1\n"},
      {"oaep1", "digest=sha256\ncipher=aes128\ntransport=oaep-sha1\n"},
      {"oaep256", "digest=sha256\ncipher=aes256\ntransport=oaep-sha256\n"},
  }));
  const std::string opinion = enrol(name);
  CHECK_THAT(opinion, Contains("status=0\nfail_info=None\n"));
  CHECK_THAT(opinion, Contains(expected + "certificates=['CN=device 7']"));
}

TEST_CASE("messages in indefinite length, small chunks or with unsorted attributes open like DER") {
  const std::string name =
      GENERATE("ber", "ber_small", "unsorted", "many", "short_nonce", "base64_id", "renewal");
  CHECK_THAT(enrol(name), Contains("status=0\n"));
}

TEST_CASE("the challenge password arrives as UTF-8 whatever its string type") {
  const Result<OpenedRequest> opened = open_request(lab().opener(), outer("bmp"), SignerTrust::SelfMade);
  REQUIRE(opened);
  const SecretBytes* challenge = opened->request.challenge_password();
  CHECK((challenge != nullptr && challenge->reveal_text() == "schlüssel"));
}

TEST_CASE("old algorithms are refused unless the endpoint allows them") {
  CHECK(open_fault("sha1") == FaultKind::UnsupportedAlgorithm);
  CHECK(open_fault("des3") == FaultKind::UnsupportedAlgorithm);
  CHECK(open_fault("des") == FaultKind::UnsupportedAlgorithm);
  ScepOptions options;
  options.danger_allow_sha1 = true;
  CHECK_THAT(enrol("sha1", options), Contains("digest=sha1\ncipher=aes128"));
  CHECK(open_fault("des", options) == FaultKind::UnsupportedAlgorithm);
  options.danger_allow_3des = true;
  CHECK_THAT(enrol("des3", options), Contains("cipher=des3"));
  CHECK(open_fault("des", options) == FaultKind::UnsupportedAlgorithm);
  options.danger_allow_des = true;
  CHECK_THAT(enrol("des", options), Contains("digest=sha1\ncipher=des\n"));
}

TEST_CASE("an answer to a message in refused SHA-1 is signed with SHA-256") {
  const Bytes reply =
      write_failure(lab().signer(), make_reply_context(outer("sha1"), {}), FailInfo::BadAlg, "refused", kNow)
          .value();
  CHECK_THAT(lab().judge("sha1", reply), Contains("status=2\nfail_info=0\ntext=refused\ndigest=sha256"));
}

TEST_CASE("failure and pending replies carry nonce, transaction and an empty content") {
  const std::string name = GENERATE("aes128", "short_nonce", "base64_id", "spaced_id", "odd", "ec");
  const OuterMessage message = outer(name);
  const ReplyContext context = make_reply_context(message, {});
  const Bytes failure =
      write_failure(lab().signer(), context, FailInfo::BadRequest, "reference 4711", kNow).value();
  CHECK_THAT(lab().judge(name, failure), Contains("status=2\nfail_info=2\ntext=reference 4711"));
  const Bytes pending = write_pending(lab().signer(), context, kNow).value();
  CHECK_THAT(lab().judge(name, pending), Contains("status=3\nfail_info=None"));
}

TEST_CASE("openssl verifies a reply, decrypts its envelope and prints the certificate in it") {
  const OuterMessage message = outer("aes128");
  const Result<OpenedRequest> opened = open_request(lab().opener(), message, SignerTrust::SelfMade);
  REQUIRE(opened);
  const Bytes issued = lab().issue(opened->request);
  const RaCredential ra = lab().credential();
  const std::array<BytesView, 2> certificates = {issued, ra.certificate};
  const ReplyContext context = make_reply_context(message, opened->envelope, {});
  lab().dir().write("r.der", write_success(lab().signer(), context, certificates, kNow).value());
  const std::string text = test::must_run(lab().dir(),
                                          "openssl cms -verify -noverify -in r.der -inform DER -out e.der "
                                          "-CAfile ra.pem 2>&1 && openssl cms -decrypt -inform "
                                          "DER -in e.der -inkey client.key -recip aes128.signer -out p7.der "
                                          "&& openssl pkcs7 -inform DER -in p7.der "
                                          "-print_certs -noout");
  CHECK_THAT(text, Contains("successful"));
  CHECK(text.find("subject=CN = device 7") < text.find("subject=O = Example, CN = Example RA"));
}

TEST_CASE("what a poll or an unknown message type is can be seen without decrypting it") {
  CHECK(outer("poll").message_type() == MessageType::CertPoll);
  CHECK(outer("renewal").message_type() == MessageType::RenewalReq);
  CHECK(outer("odd").message_type() == MessageType::Unknown);
  const Result<EnvelopeInfo> envelope = inspect_envelope(lab().opener(), outer("poll"));
  REQUIRE(envelope);
  CHECK(envelope->cipher == ContentCipher::Aes128Cbc);
}

TEST_CASE("a message to somebody else names the one it is for") {
  const Result<EnvelopeInfo> envelope = inspect_envelope(lab().opener(), outer("foreign"));
  REQUIRE_FALSE(envelope);
  CHECK(envelope.error().kind == FaultKind::NotForUs);
  CHECK_THAT(envelope.error().message, Contains("of CN=stranger"));
  CHECK(open_fault("foreign") == FaultKind::NotForUs);
}

TEST_CASE("the recipient of several credentials is found, old ones too") {
  std::vector<RaCredential> credentials;
  const ScepLab other(R"({"name": "x"})");
  credentials.push_back(other.credential());
  credentials.push_back(lab().credential());
  const Result<Opener> opener = Opener::create(std::move(credentials), {});
  REQUIRE(opener);
  CHECK(inspect_envelope(*opener, outer("aes128"))->recipient == 1);
  CHECK(inspect_envelope(*opener, parse_outer(other.message("x")).value())->recipient == 0);
}

TEST_CASE("a signer without an RSA key is told that its algorithm does not serve") {
  CHECK(outer("ec").signer_key().kind() == KeyKind::EcP256);
  CHECK(open_fault("ec") == FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("a request for another key than the signer's opens only for signers of ours") {
  CHECK(open_fault("other_key") == FaultKind::CannotOpen);
  const Result<OpenedRequest> renewal =
      open_request(lab().opener(), outer("other_key"), SignerTrust::IssuedByUs);
  REQUIRE(renewal);
  CHECK_FALSE(renewal->request.public_key() == outer("other_key").signer_key());
  CHECK(open_request(lab().opener(), outer("other_ec_key"), SignerTrust::IssuedByUs).has_value());
}

TEST_CASE("a broken outer signature or attribute is refused before any private operation") {
  CHECK(outer_fault("bad_signature") == FaultKind::BadSignature);
  CHECK(outer_fault("bad_digest") == FaultKind::BadSignature);
  CHECK(outer_fault("no_nonce") == FaultKind::Malformed);
  CHECK(outer_fault("tiny_nonce") == FaultKind::Malformed);
  CHECK(outer_fault("no_id") == FaultKind::Malformed);
  CHECK(outer_fault("no_type") == FaultKind::Malformed);
  CHECK(outer_fault("no_digest") == FaultKind::Malformed);
  CHECK(outer_fault("twice") == FaultKind::Malformed);
}

TEST_CASE("a truncated message is refused at every length") {
  const Bytes whole = lab().message("aes128");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE_FALSE(parse_outer(BytesView(whole).first(size)));
  }
  const Bytes ber = lab().message("ber");
  for (std::size_t size = 0; size < ber.size(); ++size)
    REQUIRE_FALSE(parse_outer(BytesView(ber).first(size)));
}

TEST_CASE("an oversized message is refused by its size") {
  ScepOptions options;
  options.max_message_size = 1024;
  const Result<OuterMessage> message = parse_outer(lab().message("aes128"), options);
  REQUIRE_FALSE(message);
  CHECK(message.error().kind == FaultKind::TooLarge);
}

TEST_CASE("a flipped bit anywhere never changes what is believed of a message") {
  const Bytes whole = lab().message("aes128");
  const OuterMessage original = outer("aes128");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << (i % 8)));
    const Result<OuterMessage> message = parse_outer(flipped);
    if (!message) continue;
    // Bytes that no signature covers: the version numbers, the signer certificate's other fields.
    REQUIRE(message->transaction_id() == original.transaction_id());
    REQUIRE(equal(message->sender_nonce(), original.sender_nonce()));
    REQUIRE(equal(message->enveloped(), original.enveloped()));
    REQUIRE(message->signer_key() == original.signer_key());
  }
}

TEST_CASE("a reply context survives being kept as bytes") {
  const OuterMessage message = outer("oaep256");
  const EnvelopeInfo envelope = inspect_envelope(lab().opener(), message).value();
  const Bytes kept = serialize_reply_context(make_reply_context(message, envelope, {}));
  const Result<ReplyContext> context = parse_reply_context(kept);
  REQUIRE(context);
  CHECK(context->transaction_id == message.transaction_id());
  CHECK(equal(context->recipient_nonce, message.sender_nonce()));
  CHECK(context->envelope.transport == KeyTransport::OaepSha256);
  CHECK(context->envelope.cipher == ContentCipher::Aes256Cbc);
  CHECK(equal(context->signer_certificate, message.signer_certificate()));
  CHECK_FALSE(parse_reply_context(BytesView(kept).first(kept.size() - 1)));
}

TEST_CASE("an RA credential must be an RSA key with its own certificate") {
  std::vector<RaCredential> credentials;
  auto ec_key = std::make_shared<const PrivateKey>(generate_private_key(KeySpec::P256).value());
  credentials.push_back({ec_key, lab().credential().certificate});
  CHECK(Opener::create(std::move(credentials), {}).error().kind == FaultKind::UnsupportedAlgorithm);
  CHECK(ReplySigner::create({ec_key, lab().credential().certificate}).error().kind ==
        FaultKind::UnsupportedAlgorithm);
  auto other = std::make_shared<const PrivateKey>(generate_private_key(KeySpec::Rsa2048).value());
  CHECK(ReplySigner::create({other, lab().credential().certificate}).error().kind == FaultKind::Malformed);
}

}  // namespace certspan::pki
