#include "plugins/common/pki/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/known_keys.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/ossl.hpp"
#include "plugins/common/pki/rsa_modulus.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kMaxModulusOctets = 1024;
constexpr std::size_t kMinModulusOctets = 64;
constexpr std::size_t kMaxExponentOctets = 8;
constexpr int kMinStrongRsaBits = 2048;
constexpr std::uint64_t kMinStrongExponent = 65537;

struct Curve {
  Oid oid;
  KeyKind kind;
  int bits;
  std::size_t field_octets;
  const char* group;
};

constexpr std::array<Curve, 3> kCurves = {{
    {oids::kPrime256v1, KeyKind::EcP256, 256, 32, "P-256"},
    {oids::kSecp384r1, KeyKind::EcP384, 384, 48, "P-384"},
    {oids::kSecp521r1, KeyKind::EcP521, 521, 66, "P-521"},
}};

struct RsaNumbers {
  BytesView modulus;
  BytesView exponent;
  int bits = 0;
  bool small_exponent = false;
};

// Constructing a decoder or a fresh context costs up to 100 us and takes global locks; a context per thread
// costs 2 us.
EVP_PKEY_CTX* fromdata_context(KeyFamily family) {
  const auto make = [](const char* name) {
    EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
    if (context && EVP_PKEY_fromdata_init(context.get()) != 1) context.reset();
    return context;
  };
  thread_local const EvpPkeyCtxPtr rsa = make("RSA");
  thread_local const EvpPkeyCtxPtr ec = make("EC");
  return family == KeyFamily::Rsa ? rsa.get() : ec.get();
}

std::shared_ptr<EVP_PKEY> make_key(KeyFamily family, OSSL_PARAM* params) {
  EVP_PKEY_CTX* context = fromdata_context(family);
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return {key, EVP_PKEY_free};
}

// OSSL_PARAM integers are in native byte order.
Bytes to_native(BytesView big_endian) {
  Bytes out(big_endian.begin(), big_endian.end());
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  std::ranges::reverse(out);
#endif
  return out;
}

Result<RsaNumbers> read_rsa_numbers(BytesView key) {
  DerReader outer(key, "rsa public key");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "rsa public key"));
  CERTSPAN_PKI_CHECK(outer.finish());
  RsaNumbers numbers;
  CERTSPAN_PKI_TRY(numbers.modulus, sequence.unsigned_integer());
  CERTSPAN_PKI_TRY(numbers.exponent, sequence.unsigned_integer());
  CERTSPAN_PKI_CHECK(sequence.finish());
  return numbers;
}

// Refuses numbers that can't be an RSA key, and sizes that would let a stranger choose our work.
Result<void> check_rsa_numbers(RsaNumbers& numbers) {
  if (numbers.modulus.size() > kMaxModulusOctets || numbers.exponent.size() > kMaxExponentOctets) {
    return fault(FaultKind::TooLarge, "rsa public key: modulus or exponent is too large");
  }
  if (numbers.modulus.size() < kMinModulusOctets) {
    return fault(FaultKind::UnsupportedAlgorithm, "rsa public key: modulus is below 512 bits");
  }
  std::uint64_t exponent = 0;
  for (const std::uint8_t octet : numbers.exponent) exponent = (exponent << 8U) | octet;
  if ((numbers.modulus.back() & 1U) == 0 || (exponent & 1U) == 0 || exponent < 3) {
    return fault(FaultKind::Malformed, "rsa public key: modulus or exponent can't be of a key");
  }
  int leading = 0;
  while ((numbers.modulus[0] & (0x80U >> leading)) == 0) ++leading;
  numbers.bits = static_cast<int>(numbers.modulus.size() * 8) - leading;
  numbers.small_exponent = exponent < kMinStrongExponent;
  return {};
}

std::shared_ptr<EVP_PKEY> make_rsa_key(const RsaNumbers& numbers) {
  Bytes modulus = to_native(numbers.modulus);
  Bytes exponent = to_native(numbers.exponent);
  std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus.data(), modulus.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent.data(), exponent.size()),
      OSSL_PARAM_construct_end()};
  return make_key(KeyFamily::Rsa, params.data());
}

// OpenSSL checks that the point is on the curve when it decodes it.
std::shared_ptr<EVP_PKEY> make_ec_key(const Curve& curve, BytesView point) {
  std::string group = curve.group;
  Bytes octets = to_bytes(point);
  std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
      OSSL_PARAM_construct_end()};
  return make_key(KeyFamily::Ec, params.data());
}

Result<const Curve*> read_curve(const AlgorithmIdentifier& algorithm) {
  if (!algorithm.parameters || algorithm.parameters->tag != tag::kOid) {
    return fault(FaultKind::UnsupportedAlgorithm, "public key: only named curves are supported");
  }
  CERTSPAN_PKI_TRY(const Oid oid, check_oid(algorithm.parameters->content, "public key curve"));
  for (const Curve& curve : kCurves) {
    if (curve.oid == oid) return &curve;
  }
  return fault(FaultKind::UnsupportedAlgorithm, "public key: curve " + oid.dotted() + " is not supported");
}

}  // namespace

std::string_view key_kind_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::Rsa:
      return "rsa";
    case KeyKind::EcP256:
      return "p256";
    case KeyKind::EcP384:
      return "p384";
    case KeyKind::EcP521:
      return "p521";
  }
  return "unknown";
}

Result<PublicKey> PublicKey::parse(BytesView spki) {
  if (auto known = KnownKeys::of_this_process().find(spki)) return std::move(*known);
  CERTSPAN_PKI_TRY(PublicKey key, decode(spki));
  KnownKeys::of_this_process().add(key);
  return key;
}

Result<PublicKey> PublicKey::decode(BytesView spki) {
  DerReader outer(spki, "public key");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "public key"));
  CERTSPAN_PKI_CHECK(outer.finish());
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier algorithm,
                   read_algorithm_identifier(sequence, "public key algorithm"));
  CERTSPAN_PKI_TRY(const BytesView octets, sequence.bit_octets());
  CERTSPAN_PKI_CHECK(sequence.finish());

  PublicKey key;
  key.key_offset_ = static_cast<std::size_t>(octets.data() - spki.data());
  if (algorithm.algorithm == oids::kRsaEncryption) {
    if (!algorithm.parameters || !algorithm.parameters_null_or_absent()) {
      return fault(FaultKind::Malformed, "public key: rsa parameters are not null");
    }
    CERTSPAN_PKI_TRY(RsaNumbers numbers, read_rsa_numbers(octets));
    CERTSPAN_PKI_CHECK(check_rsa_numbers(numbers));
    key.kind_ = KeyKind::Rsa;
    key.bits_ = numbers.bits;
    key.small_exponent_ = numbers.small_exponent;
    key.modulus_offset_ = static_cast<std::size_t>(numbers.modulus.data() - spki.data());
    key.modulus_size_ = numbers.modulus.size();
    key.key_ = make_rsa_key(numbers);
  } else if (algorithm.algorithm == oids::kEcPublicKey) {
    CERTSPAN_PKI_TRY(const Curve* curve, read_curve(algorithm));
    if (octets.size() != 1 + 2 * curve->field_octets || octets[0] != 0x04) {
      return fault(FaultKind::UnsupportedAlgorithm, "public key: the point is not in uncompressed form");
    }
    key.kind_ = curve->kind;
    key.bits_ = curve->bits;
    key.key_ = make_ec_key(*curve, octets);
  } else {
    return fault(FaultKind::UnsupportedAlgorithm,
                 "public key: algorithm " + algorithm.algorithm.dotted() + " is not supported");
  }
  if (!key.key_) return fault(FaultKind::Malformed, "public key: not a valid key of its kind");
  key.spki_ = std::make_shared<const Bytes>(spki.begin(), spki.end());
  return key;
}

KeyIdentifier PublicKey::key_identifier() const {
  const DigestValue value = hash(Digest::Sha1, key_bits());
  KeyIdentifier identifier{};
  std::ranges::copy(value.view(), identifier.begin());
  return identifier;
}

std::optional<std::string> PublicKey::weakness() const {
  if (kind_ != KeyKind::Rsa) return std::nullopt;
  if (bits_ < kMinStrongRsaBits)
    return "rsa key of " + std::to_string(bits_) + " bits, at least 2048 are needed";
  if (small_exponent_) return "rsa key with a public exponent below 65537";
  if (const std::string_view found = modulus_fault(rsa_modulus()); !found.empty()) return std::string(found);
  return std::nullopt;
}

Result<void> PublicKey::verify(SignatureAlgorithm algorithm, BytesView data, BytesView signature) const {
  return verify_digest(algorithm, hash(algorithm.digest, data).view(), signature);
}

Result<void> PublicKey::verify_digest(SignatureAlgorithm algorithm, BytesView digest,
                                      BytesView signature) const {
  if (algorithm.family != family()) {
    return fault(FaultKind::UnsupportedAlgorithm, "signature algorithm does not fit the key");
  }
  const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), evp_digest(algorithm.digest)) != 1) {
    return ossl_fault("preparing a signature check");
  }
  const int verified =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size());
  if (verified == 1) return {};
  ERR_clear_error();
  return fault(FaultKind::BadSignature, "signature does not verify");
}

}  // namespace certspan::pki
