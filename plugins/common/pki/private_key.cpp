#include "plugins/common/pki/private_key.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "plugins/common/pki/ossl.hpp"

namespace certspan::pki {
namespace {

// Contexts of one key and one operation. Setting one up costs 2 us and global locks; taking one from here
// costs a mutex that is held for a few instructions.
class ContextPool {
 public:
  EvpPkeyCtxPtr take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return nullptr;
    EvpPkeyCtxPtr context = std::move(free_.back());
    free_.pop_back();
    return context;
  }
  void give_back(EvpPkeyCtxPtr context) {
    const std::lock_guard lock(mutex_);
    if (free_.size() < kMaxKept) free_.push_back(std::move(context));
  }

 private:
  static constexpr std::size_t kMaxKept = 64;
  std::mutex mutex_;
  std::vector<EvpPkeyCtxPtr> free_;
};

int give_passphrase(char* buffer, int size, int /*writing*/, void* data) {
  const auto& passphrase = *static_cast<const std::string_view*>(data);
  if (size < 0 || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(passphrase.begin(), passphrase.end(), buffer);  // an empty one has no address
  return static_cast<int>(passphrase.size());
}

Result<PublicKey> public_part(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key, &encoded);
  if (size <= 0) return ossl_fault("encoding a public key");
  const std::unique_ptr<unsigned char, decltype([](unsigned char* p) { OPENSSL_free(p); })> owner(encoded);
  return PublicKey::parse(BytesView(encoded, static_cast<std::size_t>(size)));
}

EvpPkeyPtr generate(KeySpec spec) {
  switch (spec) {
    case KeySpec::Rsa2048:
      return EvpPkeyPtr(EVP_RSA_gen(2048));
    case KeySpec::Rsa3072:
      return EvpPkeyPtr(EVP_RSA_gen(3072));
    case KeySpec::Rsa4096:
      return EvpPkeyPtr(EVP_RSA_gen(4096));
    case KeySpec::P256:
      return EvpPkeyPtr(EVP_EC_gen("P-256"));
    case KeySpec::P384:
      return EvpPkeyPtr(EVP_EC_gen("P-384"));
  }
  return nullptr;
}

}  // namespace

struct PrivateKey::State {
  State(EvpPkeyPtr private_key, PublicKey public_half)
      : key(std::move(private_key)), public_key(std::move(public_half)) {}
  State(std::unique_ptr<const KeyHolder> key_holder, PublicKey public_half)
      : holder(std::move(key_holder)), public_key(std::move(public_half)) {}

  EvpPkeyPtr key;  // one of these two
  std::unique_ptr<const KeyHolder> holder;
  PublicKey public_key;
  std::array<ContextPool, 4> signing;  // by Digest
  ContextPool decrypting;

  EvpPkeyCtxPtr signing_context(Digest digest) {
    if (EvpPkeyCtxPtr pooled = signing[static_cast<std::size_t>(digest)].take()) return pooled;
    EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    const bool good = context && EVP_PKEY_sign_init(context.get()) == 1 &&
                      EVP_PKEY_CTX_set_signature_md(context.get(), evp_digest(digest)) == 1;
    return good ? std::move(context) : nullptr;
  }

  EvpPkeyCtxPtr decrypting_context() {
    if (EvpPkeyCtxPtr pooled = decrypting.take()) return pooled;
    EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    const bool good = context && EVP_PKEY_decrypt_init(context.get()) == 1 &&
                      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1;
    return good ? std::move(context) : nullptr;
  }
};

PrivateKey::PrivateKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PrivateKey::PrivateKey(std::unique_ptr<const KeyHolder> holder, PublicKey public_key)
    : state_(std::make_unique<State>(std::move(holder), std::move(public_key))) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

const PublicKey& PrivateKey::public_key() const {
  return state_->public_key;
}

SignatureAlgorithm PrivateKey::default_algorithm() const {
  const PublicKey& key = state_->public_key;
  switch (key.kind()) {
    case KeyKind::EcP384:
      return {key.family(), Digest::Sha384};
    case KeyKind::EcP521:
      return {key.family(), Digest::Sha512};
    default:
      return {key.family(), Digest::Sha256};
  }
}

Result<Bytes> PrivateKey::sign(Digest digest, BytesView data) const {
  return sign_digest(digest, hash(digest, data).view());
}

Result<Bytes> PrivateKey::sign_digest(Digest digest, BytesView digest_value) const {
  if (state_->holder) return state_->holder->sign_digest(digest, digest_value);
  EvpPkeyCtxPtr context = state_->signing_context(digest);
  if (!context) return ossl_fault("preparing to sign");
  auto size = static_cast<std::size_t>(EVP_PKEY_get_size(state_->key.get()));
  Bytes signature(size);
  if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest_value.data(), digest_value.size()) != 1) {
    return ossl_fault("signing");
  }
  signature.resize(size);
  state_->signing[static_cast<std::size_t>(digest)].give_back(std::move(context));
  return signature;
}

Result<Bytes> PrivateKey::sign_pss(Digest digest, BytesView data) const {
  if (state_->public_key.family() != KeyFamily::Rsa) {
    return fault(FaultKind::UnsupportedAlgorithm, "signing with PSS needs an rsa key");
  }
  const DigestValue value = hash(digest, data);
  if (state_->holder) return state_->holder->sign_pss_digest(digest, value.view());
  const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, state_->key.get(), nullptr));
  auto size = static_cast<std::size_t>(EVP_PKEY_get_size(state_->key.get()));
  Bytes signature(size);
  const bool good =
      context && EVP_PKEY_sign_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_signature_md(context.get(), evp_digest(digest)) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) == 1 &&
      EVP_PKEY_sign(context.get(), signature.data(), &size, value.view().data(), value.view().size()) == 1;
  if (!good) return ossl_fault("signing with PSS");
  signature.resize(size);
  return signature;
}

Result<SecretBytes> PrivateKey::decrypt_raw(BytesView ciphertext) const {
  if (state_->public_key.family() != KeyFamily::Rsa) {
    return fault(FaultKind::UnsupportedAlgorithm, "decrypting needs an rsa key");
  }
  if (state_->holder) return state_->holder->decrypt_raw(ciphertext);
  EvpPkeyCtxPtr context = state_->decrypting_context();
  if (!context) return ossl_fault("preparing to decrypt");
  auto size = static_cast<std::size_t>(EVP_PKEY_get_size(state_->key.get()));
  SecretBytes plain(size);
  if (EVP_PKEY_decrypt(context.get(), plain.writable().data(), &size, ciphertext.data(), ciphertext.size()) !=
      1) {
    return ossl_fault("decrypting");
  }
  state_->decrypting.give_back(std::move(context));
  return plain;
}

bool PrivateKey::decrypts_raw() const {
  return !state_->holder || state_->holder->decrypts_raw();
}

Result<SecretBytes> PrivateKey::decrypt_padded(KeyTransport transport, BytesView ciphertext) const {
  if (state_->holder) return state_->holder->decrypt_padded(transport, ciphertext);
  return fault(FaultKind::Internal, "this key decrypts without looking at the padding");
}

Result<SecretBytes> PrivateKey::to_pem(std::string_view passphrase) const {
  if (state_->holder) return fault(FaultKind::Policy, "a key in a token can't be written to a file");
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->key.get(), cipher, passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr, nullptr) != 1) {
    return ossl_fault("writing a private key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes(as_bytes(std::string_view(text, static_cast<std::size_t>(size))));
}

Result<PrivateKey> load_private_key(BytesView pem, std::string_view passphrase) {
  const BioPtr bio(BIO_new_mem_buf(pem.empty() ? "" : as_text(pem).data(), static_cast<int>(pem.size())));
  if (!bio) return ossl_fault("reading a private key");
  EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase));
  if (!key) {
    ERR_clear_error();
    return fault(FaultKind::Malformed, "private key: no PEM private key in it, or the passphrase is wrong");
  }
  CERTSPAN_PKI_TRY(PublicKey public_half, public_part(key.get()));
  return PrivateKey(std::make_unique<PrivateKey::State>(std::move(key), std::move(public_half)));
}

Result<PrivateKey> generate_private_key(KeySpec spec) {
  EvpPkeyPtr key = generate(spec);
  if (!key) return ossl_fault("generating a key");
  CERTSPAN_PKI_TRY(PublicKey public_half, public_part(key.get()));
  return PrivateKey(std::make_unique<PrivateKey::State>(std::move(key), std::move(public_half)));
}

Result<KeySpec> parse_key_spec(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, KeySpec>, 5> kSpecs = {{
      {"rsa:2048", KeySpec::Rsa2048},
      {"rsa:3072", KeySpec::Rsa3072},
      {"rsa:4096", KeySpec::Rsa4096},
      {"p256", KeySpec::P256},
      {"p384", KeySpec::P384},
  }};
  for (const auto& [name, spec] : kSpecs) {
    if (name == text) return spec;
  }
  return fault(FaultKind::Malformed, "key \"" + std::string(text) +
                                         "\" is unknown: use rsa:2048, rsa:3072, rsa:4096, p256 or p384");
}

}  // namespace certspan::pki
