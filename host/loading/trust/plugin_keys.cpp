#include "host/loading/trust/plugin_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

namespace certspan {
namespace {

constexpr std::string_view kPublicLabel = "-----BEGIN " PEM_STRING_PUBLIC "-----";
constexpr std::string_view kPrivateLabel = "-----BEGIN " PEM_STRING_PKCS8INF "-----";
constexpr std::string_view kEncryptedLabel = "-----BEGIN " PEM_STRING_PKCS8 "-----";
constexpr std::string_view kAnyLabel = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kBlanks = " \t\r\n";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

/// OpenSSL keeps its complaints in a queue that others would find.
struct ForgetErrors {
  ForgetErrors() = default;
  ~ForgetErrors() { ERR_clear_error(); }
  ForgetErrors(const ForgetErrors&) = delete;
  ForgetErrors& operator=(const ForgetErrors&) = delete;
};

tl::unexpected<Error> bad_key(const std::string& what) {
  return fail(Outcome::Invalid, "plugin.bad_key", what);
}

/// One block of PEM and nothing beside it.
bool is_one_block(std::string_view pem, std::string_view label) {
  const auto begin = pem.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos || !pem.substr(begin).starts_with(label)) return false;
  if (pem.find(kAnyLabel, begin + 1) != std::string_view::npos) return false;
  const auto end = pem.find(kEnd);
  if (end == std::string_view::npos) return false;
  const auto last = pem.find_first_of('\n', end);
  return last == std::string_view::npos || pem.find_first_not_of(kBlanks, last) == std::string_view::npos;
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), nullptr) ==
             1 &&
         std::string_view(name.data()) == "prime256v1";
}

std::optional<SignatureAlgorithm> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return SignatureAlgorithm::Ed25519;
  if (is_p256(key)) return SignatureAlgorithm::EcdsaP256;
  return std::nullopt;
}

/// Of the public half, in DER.
std::string id_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(der);
  return to_hex(digest);
}

/// Ed25519 takes the message as it is (RFC 8032), ECDSA its SHA-256.
const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::Ed25519 ? nullptr : EVP_sha256();
}

/// For OpenSSL, which would ask at the terminal; `given` is where a pointer to the passphrase stands.
int give_passphrase(char* into, int size, int /*rwflag*/, void* given) {
  const Secret* secret = given == nullptr ? nullptr : *static_cast<const Secret**>(given);
  if (secret == nullptr) return -1;
  const BytesView passphrase = secret->reveal();
  if (passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::ranges::copy(passphrase, into);
  return static_cast<int>(passphrase.size());
}

Bio bio_of(BytesView bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<void> check_private_form(std::string_view pem, const Secret* passphrase) {
  if (is_one_block(pem, kPrivateLabel)) return {};
  if (is_one_block(pem, kEncryptedLabel)) {
    if (passphrase != nullptr) return {};
    return fail(Outcome::Invalid, "plugin.passphrase",
                "is encrypted; name the file that holds its passphrase with --passphrase-file");
  }
  if (pem.find(kPublicLabel) != std::string_view::npos) {
    return bad_key("is a public key; to sign takes the private key that belongs to it");
  }
  return bad_key(
      "is no private key in PKCS #8 PEM (BEGIN PRIVATE KEY), alone in its file; `openssl pkcs8 -topk8 "
      "-nocrypt "
      "-in OLD -out NEW` makes one of other forms, `openssl genpkey -algorithm ed25519 -out NEW` a new key");
}

}  // namespace

void FreePluginKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<PluginPublicKey> PluginPublicKey::from(PluginKeyHandle key) {
  const auto algorithm = algorithm_of(key.get());
  if (!algorithm) return bad_key("is neither an Ed25519 nor a P-256 key; plugins are signed with these");
  std::string id = id_of(key.get());
  if (id.empty()) return bad_key("holds a key that can't be encoded");
  return PluginPublicKey(std::move(key), *algorithm, std::move(id));
}

Result<PluginPublicKey> PluginPublicKey::from_pem(std::string_view pem) {
  const ForgetErrors forget;
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
    return bad_key(
        "is a private key, which belongs to its vendor alone; take its public half: `openssl pkey -in KEY "
        "-pubout`");
  }
  if (!is_one_block(pem, kPublicLabel)) {
    return bad_key(
        "is no public key in PEM (BEGIN PUBLIC KEY), alone in its file; `openssl pkey -in KEY -pubout` "
        "prints "
        "one, `openssl x509 -in CERTIFICATE -noout -pubkey` that of a certificate");
  }
  const Bio bio = bio_of(as_bytes(pem));
  PluginKeyHandle key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, give_passphrase, nullptr) : nullptr);
  if (!key) return bad_key("is damaged: what stands between its PEM lines is no public key");
  return from(std::move(key));
}

bool PluginPublicKey::has_signed(std::string_view sha256, const PluginSignature& signature) const {
  const ForgetErrors forget;
  if (signature.key_id != id_ || signature.algorithm != algorithm_) return false;
  const DigestContext context(EVP_MD_CTX_new());
  const std::string statement = signed_statement(sha256);
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.value.data(), signature.value.size(),
                          as_bytes(statement).data(), statement.size()) == 1;
}

Result<PluginPrivateKey> PluginPrivateKey::from_pem(const Secret& pem, const Secret* passphrase) {
  const ForgetErrors forget;
  CERTSPAN_CHECK(check_private_form(as_text(pem.reveal()), passphrase));
  const Bio bio = bio_of(pem.reveal());
  PluginKeyHandle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase)
                          : nullptr);
  if (!key && passphrase != nullptr &&
      as_text(pem.reveal()).find(kEncryptedLabel) != std::string_view::npos) {
    return fail(Outcome::Invalid, "plugin.passphrase",
                "does not open: the passphrase is not its own, or the file is damaged");
  }
  if (!key) return bad_key("is damaged: what stands between its PEM lines is no private key");
  CERTSPAN_TRY(PluginPublicKey known, PluginPublicKey::from(std::move(key)));
  return PluginPrivateKey(std::move(known));
}

Result<PluginSignature> PluginPrivateKey::sign(std::string_view sha256) const {
  const ForgetErrors forget;
  const DigestContext context(EVP_MD_CTX_new());
  const std::string statement = signed_statement(sha256);
  PluginSignature signature{public_.algorithm(), public_.id(), Bytes(kLargestSignatureFile)};
  std::size_t size = signature.value.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, digest_of(signature.algorithm), nullptr,
                         public_.key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.value.data(), &size, as_bytes(statement).data(),
                     statement.size()) != 1) {
    return fail(Outcome::Internal, "plugin.sign_failed",
                "the cryptographic library does not sign with the key");
  }
  signature.value.resize(size);
  return signature;
}

}  // namespace certspan
