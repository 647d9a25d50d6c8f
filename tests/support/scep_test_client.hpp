// A SCEP client in the test's own process, made of OpenSSL's CMS functions and nothing of ours, that can be
// wrong on purpose. The Python client beside it judges more strictly; this one is for tests that need many
// messages.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace certspan::test {

using Bytes = std::vector<std::uint8_t>;
using Mutation = std::function<void(Bytes&)>;

// An RSA-2048 or P-256 key and, for clients, the certificate that goes with it. Faults of the tools throw
// std::runtime_error: they are the test's own.
class TestKey {
 public:
  static TestKey rsa();
  static TestKey ec();
  // Made once in the process: making an RSA key takes a tenth of a second.
  static const TestKey& shared_rsa(int number);
  // So many different RSA-2048 keys, made of few primes because making those takes the time. Whoever has two
  // of them may have the primes of both: for load.
  static std::vector<TestKey> many_rsa(std::size_t count);

  evp_pkey_st* handle() const { return key_.get(); }
  Bytes spki() const;
  std::string pem() const;  // PKCS #8

 private:
  explicit TestKey(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
};

struct CertificateOptions {
  std::string common_name = "client";
  int key_usage = 0;  // bits of OpenSSL's KU_*; 0 leaves it out
  bool ca = false;
  std::string extended_key_usage = {};  // as in openssl.cnf: "serverAuth", "1.2.3"
  std::string subject_alt_name = {};    // as in openssl.cnf: "DNS:a.example"
  long not_before_s = -3600;            // from now
  long not_after_s = 86400;
  std::uint64_t serial = 0;  // 0: a random one
};

// Self-signed, or by `issuer` with `issuer_key`. DER.
Bytes make_certificate(const TestKey& key, const CertificateOptions& options, const Bytes* issuer = nullptr,
                       const TestKey* issuer_key = nullptr);

std::string to_pem_certificate(const Bytes& der);

struct RequestOptions {
  std::string common_name = "laptop-7";
  std::optional<std::string> challenge = {};
  std::string subject_alt_name = {};  // as in openssl.cnf
  bool sha1 = false;
};

// PKCS #10, DER.
Bytes make_request(const TestKey& key, const RequestOptions& options = {});

struct MessageOptions {
  std::string message_type = "19";
  std::string transaction_id = "T-0001";
  Bytes sender_nonce = Bytes(16, 0x5A);
  std::string cipher = "AES-256-CBC";  // OpenSSL's names
  std::string digest = "SHA256";
  std::string oaep = {};               // "", "SHA1" or "SHA256"
  Mutation change_envelope = {};       // the inner ContentInfo, before it is signed
  std::optional<Bytes> envelope = {};  // somebody else's, instead of one around the content
};

// The inner EnvelopedData alone.
Bytes make_envelope(const Bytes& content, const Bytes& recipient_certificate, const MessageOptions& options);

// A whole pkiMessage.
Bytes make_message(const Bytes& content, const TestKey& signer, const Bytes& signer_certificate,
                   const Bytes& recipient_certificate, const MessageOptions& options = {});

struct ReadReply {
  std::string message_type = {};
  std::string pki_status = {};
  std::string fail_info = {};  // "" if there is none
  std::string fail_info_text = {};
  std::string transaction_id = {};
  Bytes sender_nonce;
  Bytes recipient_nonce;
  std::string digest = {};
  std::string cipher = {};          // of a success
  std::vector<Bytes> certificates;  // of a success, in their order
};

// Verifies a CertRep with the RA's certificate and opens a success with the client's key.
ReadReply read_reply(const Bytes& reply, const Bytes& ra_certificate, const TestKey& signer,
                     const Bytes& signer_certificate);

// Certificates of a degenerate SignedData, in their order.
std::vector<Bytes> read_certificates_only(const Bytes& der);

}  // namespace certspan::test
