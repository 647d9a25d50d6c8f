#include "plugins/common/pkcs11/token_key.hpp"

#include <utility>

#include "plugins/common/pkcs11/operations.hpp"
#include "plugins/common/pki/key_transport.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::Bytes;
using pki::BytesView;
using pki::FaultKind;
using pki::SecretBytes;

constexpr std::chrono::seconds kBetweenTries{1};
/// How often a token is looked at that nobody complains of.
constexpr int kTriesPerLook = 5;

pki::Digest digest_for(const pki::PublicKey& key) {
  switch (key.kind()) {
    case pki::KeyKind::EcP384:
      return pki::Digest::Sha384;
    case pki::KeyKind::EcP521:
      return pki::Digest::Sha512;
    case pki::KeyKind::Rsa:
    case pki::KeyKind::EcP256:
      break;
  }
  return pki::Digest::Sha256;
}

tl::unexpected<KeyFault> not_of_the_certificate(const std::string& name) {
  return key_fault("uri", "key " + name + " is not that of the certificate");
}

/// Whether the bare RSA operation is done by this token, whatever it says of itself.
bool does_raw(const KeyHandle& key) {
  if (!key.token.offers(CKM_RSA_X_509, CKF_DECRYPT)) return false;
  const auto message = pki::random_octets<32>();
  const auto wrapped = pki::wrap_key(pki::KeyTransport::Pkcs1, key.public_key, message);
  SecretBytes block;
  return wrapped && decrypt_raw(key, *wrapped, block) == CKR_OK &&
         pki::equal(block.reveal().last(message.size()), message);
}

}  // namespace

/// The key in an open token. Immutable.
class TokenKey::Way {
 public:
  Way(std::unique_ptr<Token> token, CK_OBJECT_HANDLE object, const pki::PublicKey& public_key)
      : token_(std::move(token)), object_(object), public_key_(public_key) {}

  KeyHandle key() const { return {*token_, object_, public_key_}; }
  const Token& token() const { return *token_; }
  bool raw() const { return raw_; }

  /// That it is the key of `public_key_` and does what it is for.
  KeyResult<void> try_out(const std::string& name, KeyUse use) {
    const pki::Digest digest = digest_for(public_key_);
    const pki::DigestValue value = pki::hash(digest, pki::random_octets<32>());
    Bytes signature;
    if (const CK_RV result = sign_digest(key(), digest, value.view(), signature); result != CKR_OK) {
      return key_fault("uri", "key " + name + " does not sign: " + reason(result));
    }
    if (!public_key_.verify_digest({public_key_.family(), digest}, value.view(), signature)) {
      return not_of_the_certificate(name);
    }
    if (use == KeyUse::Sign) return {};
    raw_ = does_raw(key());
    if (raw_ || token_->offers(CKM_RSA_PKCS, CKF_DECRYPT)) return {};
    return key_fault(
        "uri", "token " + token_->name() +
                   " decrypts neither with CKM_RSA_X_509 nor with CKM_RSA_PKCS: it can't open requests");
  }

  std::string describe(const std::string& name, KeyUse use) const {
    const bool rsa = public_key_.family() == pki::KeyFamily::Rsa;
    std::string text = "key " + name + " in token " + token_->name() + ": signs with " +
                       (rsa ? "CKM_RSA_PKCS" : "CKM_ECDSA");
    if (use == KeyUse::Sign) return text;
    return text + (raw_ ? ", decrypts with CKM_RSA_X_509 and takes the padding off here"
                        : ", decrypts with the token's own padding (it lacks CKM_RSA_X_509)");
  }

 private:
  std::unique_ptr<Token> token_;
  CK_OBJECT_HANDLE object_;
  const pki::PublicKey& public_key_;
  bool raw_ = false;
};

class TokenKey::Holder final : public pki::KeyHolder {
 public:
  explicit Holder(std::shared_ptr<TokenKey> key) : key_(std::move(key)) {}

  pki::Result<Bytes> sign_digest(pki::Digest digest, BytesView digest_value) const override {
    Bytes signature;
    CERTSPAN_PKI_CHECK(key_->use(
        [&](const KeyHandle& key) { return pkcs11::sign_digest(key, digest, digest_value, signature); }));
    return signature;
  }

  pki::Result<Bytes> sign_pss_digest(pki::Digest digest, BytesView digest_value) const override {
    Bytes signature;
    bool lacks = false;
    CERTSPAN_PKI_CHECK(key_->use([&](const KeyHandle& key) {
      const CK_RV result = pkcs11::sign_pss_digest(key, digest, digest_value, signature);
      lacks = result == CKR_MECHANISM_INVALID || result == CKR_MECHANISM_PARAM_INVALID;
      return lacks ? CKR_OK : result;
    }));
    if (lacks) return pki::fault(FaultKind::UnsupportedAlgorithm, "the token lacks CKM_RSA_PKCS_PSS");
    return signature;
  }

  bool decrypts_raw() const override { return key_->raw_; }

  pki::Result<SecretBytes> decrypt_raw(BytesView ciphertext) const override {
    SecretBytes block;
    CERTSPAN_PKI_CHECK(
        key_->use([&](const KeyHandle& key) { return pkcs11::decrypt_raw(key, ciphertext, block); }));
    return block;
  }

  pki::Result<SecretBytes> decrypt_padded(pki::KeyTransport transport, BytesView ciphertext) const override {
    SecretBytes message;
    bool lacks = false;
    CERTSPAN_PKI_CHECK(key_->use([&](const KeyHandle& key) {
      const CK_RV result = pkcs11::decrypt_padded(key, transport, ciphertext, message);
      // SoftHSM 2.6 answers "arguments bad" to OAEP with SHA-256.
      lacks = result == CKR_MECHANISM_INVALID || result == CKR_MECHANISM_PARAM_INVALID ||
              result == CKR_ARGUMENTS_BAD;
      return lacks ? CKR_OK : result;
    }));
    if (lacks)
      return pki::fault(FaultKind::UnsupportedAlgorithm, "key transport: the token lacks this padding");
    return message;
  }

 private:
  std::shared_ptr<TokenKey> key_;
};

TokenKey::TokenKey(KeyLocation location, PinSource pin, pki::PublicKey public_key, KeyUse use,
                   Observer observer)
    : location_(std::move(location)),
      pin_(std::move(pin)),
      public_key_(std::move(public_key)),
      use_(use),
      observer_(std::move(observer)) {}

TokenKey::~TokenKey() {
  stop_watching();
}

KeyResult<std::shared_ptr<TokenKey>> TokenKey::open(KeyLocation location, PinSource pin,
                                                    pki::PublicKey public_key, KeyUse use,
                                                    Observer observer) {
  std::shared_ptr<TokenKey> key(
      new TokenKey(std::move(location), std::move(pin), std::move(public_key), use, std::move(observer)));
  auto way = key->go();
  if (!way) return tl::unexpected(std::move(way).error());
  key->way_ = std::move(*way);
  return key;
}

pki::PrivateKey TokenKey::private_key(const std::shared_ptr<TokenKey>& key) {
  return {std::make_unique<Holder>(key), key->public_key_};
}

KeyResult<std::shared_ptr<const TokenKey::Way>> TokenKey::go() {
  auto token = Token::open(location_, pin_, refused_);
  if (!token) return tl::unexpected(std::move(token).error());
  const auto object = find_private_key(**token, location_, use_);
  if (!object) return tl::unexpected(object.error());
  const auto family = family_of(**token, location_, *object);
  if (!family) return tl::unexpected(family.error());
  if (*family != public_key_.family()) return not_of_the_certificate(location_.object_name());
  auto way = std::make_shared<Way>(std::move(*token), *object, public_key_);
  if (auto fit = way->try_out(location_.object_name(), use_); !fit)
    return tl::unexpected(std::move(fit).error());
  raw_ = way->raw();
  const std::lock_guard lock(mutex_);
  description_ = way->describe(location_.object_name(), use_);
  return std::shared_ptr<const Way>(std::move(way));
}

/// The way that is there, or a new one.
pki::Result<std::shared_ptr<const TokenKey::Way>> TokenKey::way() {
  const auto present = [this] {
    const std::lock_guard lock(mutex_);
    return way_;
  };
  if (auto way = present()) return way;
  std::string trouble;
  std::shared_ptr<const Way> made;
  {
    const std::lock_guard one(going_);
    if (auto way = present()) return way;  // another made it meanwhile
    if (Clock::now() >= next_try_) {
      auto gone = go();
      next_try_ = Clock::now() + kBetweenTries;
      const std::lock_guard lock(mutex_);
      if (gone) made = way_ = std::move(*gone);
      trouble_ = gone ? "" : gone.error().message;
    }
    const std::lock_guard lock(mutex_);
    trouble = trouble_;
  }
  if (!made) return pki::fault(FaultKind::Unavailable, "the key in its token can't be used now: " + trouble);
  if (observer_) observer_(true, describe());
  return made;
}

void TokenKey::lost(const std::shared_ptr<const Way>& way, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (way_ != way) return;  // somebody else noticed before
    way_.reset();
    trouble_ = why;
  }
  if (observer_) observer_(false, why);
}

/// `work` answers a CK_RV. What fails is tried once more on a new way: a session may have died with nothing
/// else wrong.
template <class Work>
pki::Result<void> TokenKey::use(const Work& work) {
  std::string why;
  for (int attempt = 0; attempt < 2; ++attempt) {
    CERTSPAN_PKI_TRY(std::shared_ptr<const Way> found, way());
    const CK_RV result = work(found->key());
    if (result == CKR_OK) return {};
    why = reason(result);
    lost(found, why);
  }
  return pki::fault(FaultKind::Unavailable, "the key in its token can't be used now: " + why);
}

void TokenKey::start_watching() {
  const std::lock_guard lock(watch_mutex_);
  if (watching_) return;
  watching_ = true;
  watcher_ = std::thread([this] { watch(); });
}

void TokenKey::stop_watching() {
  {
    const std::lock_guard lock(watch_mutex_);
    watching_ = false;
  }
  watch_changed_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

void TokenKey::watch() {
  std::unique_lock lock(watch_mutex_);
  for (int round = 1; watching_; ++round) {
    if (watch_changed_.wait_for(lock, kBetweenTries, [this] { return !watching_; })) return;
    lock.unlock();
    if (round % kTriesPerLook == 0 || trouble()) look_after();
    lock.lock();
  }
}

void TokenKey::look_after() {
  const auto found = way();
  if (!found) return;
  if (const CK_RV result = (*found)->token().look(); result != CKR_OK) lost(*found, reason(result));
}

std::string TokenKey::describe() const {
  const std::lock_guard lock(mutex_);
  return description_;
}

std::optional<std::string> TokenKey::trouble() const {
  const std::lock_guard lock(mutex_);
  return way_ ? std::nullopt : std::optional(trouble_);
}

}  // namespace certspan::pkcs11
