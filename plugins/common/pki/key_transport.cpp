#include "plugins/common/pki/key_transport.hpp"

#include <algorithm>

#include <openssl/rsa.h>

#include "plugins/common/pki/content_cipher.hpp"
#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/ossl.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::pki {
namespace {

Digest oaep_digest(KeyTransport transport) {
  return transport == KeyTransport::OaepSha256 ? Digest::Sha256 : Digest::Sha1;
}

tl::unexpected<Fault> unsupported(const std::string& detail) {
  return fault(FaultKind::UnsupportedAlgorithm, "key transport: " + detail);
}

// One of SHA-1 and SHA-256, as an AlgorithmIdentifier.
Result<Digest> read_oaep_digest(DerReader& reader) {
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(reader, "oaep digest"));
  const std::optional<Digest> digest = digest_from_oid(identifier.algorithm);
  if (!identifier.parameters_null_or_absent() || !digest ||
      (*digest != Digest::Sha1 && *digest != Digest::Sha256)) {
    return unsupported("oaep digest " + identifier.algorithm.dotted());
  }
  return *digest;
}

Result<Digest> read_mask_digest(DerReader& reader) {
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(reader, "oaep mask"));
  if (!(identifier.algorithm == oids::kMgf1) || !identifier.parameters)
    return unsupported("oaep mask function");
  DerReader parameters(identifier.parameters->whole, "oaep mask");
  CERTSPAN_PKI_TRY(const Digest digest, read_oaep_digest(parameters));
  return digest;
}

// pSpecified with the empty string, the default.
Result<void> read_empty_label(DerReader& reader) {
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(reader, "oaep label"));
  const bool empty = identifier.parameters && identifier.parameters->tag == tag::kOctetString &&
                     identifier.parameters->content.empty();
  if (!(identifier.algorithm == oids::kPSpecified) || !empty) return unsupported("oaep with a label");
  return {};
}

Result<KeyTransport> read_oaep_parameters(const AlgorithmIdentifier& identifier) {
  if (identifier.parameters_null_or_absent()) return KeyTransport::OaepSha1;
  DerReader outer(identifier.parameters->whole, "oaep parameters");
  CERTSPAN_PKI_TRY(DerReader sequence, outer.enter(tag::kSequence, "oaep parameters"));
  Digest digest = Digest::Sha1;
  Digest mask_digest = Digest::Sha1;
  if (sequence.peek() == tag::context_constructed(0)) {
    CERTSPAN_PKI_TRY(DerReader wrapper, sequence.enter(tag::context_constructed(0), "oaep digest"));
    CERTSPAN_PKI_TRY(digest, read_oaep_digest(wrapper));
  }
  if (sequence.peek() == tag::context_constructed(1)) {
    CERTSPAN_PKI_TRY(DerReader wrapper, sequence.enter(tag::context_constructed(1), "oaep mask"));
    CERTSPAN_PKI_TRY(mask_digest, read_mask_digest(wrapper));
  }
  if (sequence.peek() == tag::context_constructed(2)) {
    CERTSPAN_PKI_TRY(DerReader wrapper, sequence.enter(tag::context_constructed(2), "oaep label"));
    CERTSPAN_PKI_CHECK(read_empty_label(wrapper));
  }
  CERTSPAN_PKI_CHECK(sequence.finish());
  if (digest != mask_digest) return unsupported("oaep with two digests");
  return digest == Digest::Sha256 ? KeyTransport::OaepSha256 : KeyTransport::OaepSha1;
}

// `wrapped` as a number that the RSA operation takes: of the modulus' size and below it. What had to be
// changed for that can't open anything, but costs what a good one costs. All of this is about public bytes.
struct FittedCiphertext {
  Bytes octets;
  bool as_it_was = true;
};

FittedCiphertext fit_below(BytesView modulus, BytesView wrapped) {
  FittedCiphertext fitted;
  fitted.octets = to_bytes(wrapped);
  fitted.as_it_was = wrapped.size() == modulus.size();
  fitted.octets.resize(modulus.size(), 0x5A);
  if (!std::ranges::lexicographical_compare(fitted.octets, modulus)) {
    fitted.octets[0] = 0;  // the modulus' first octet is not zero
    fitted.as_it_was = false;
  }
  // A number that is a machine word shorter is cheaper to work with, and no honest sender ever hits one.
  const auto top_word = std::span(fitted.octets).first<sizeof(std::uint64_t)>();
  if (std::ranges::all_of(top_word, [](std::uint8_t octet) { return octet == 0; })) {
    top_word.back() = 1;
    fitted.as_it_was = false;
  }
  return fitted;
}

// EME-PKCS1-v1_5 (RFC 8017 7.2.2) of a message of exactly key_size octets: 00 02, at least 8 octets that are
// not zero, 00, message. The place of the last zero is known, so nothing is searched for.
Mask check_pkcs1(BytesView encoded, std::size_t key_size) {
  const std::size_t zero_at = encoded.size() - key_size - 1;
  std::uint32_t bad = encoded[0] | (encoded[1] ^ 0x02U) | encoded[zero_at];
  for (std::size_t i = 2; i < zero_at; ++i) bad |= mask_if_zero(encoded[i]);
  return mask_if_zero(bad);
}

// target ^= MGF1(seed) (RFC 8017 B.2.1).
void apply_mask(std::span<std::uint8_t> target, BytesView seed, Digest digest) {
  const std::size_t step = digest_size(digest);
  std::array<std::uint8_t, 4> counter{};
  for (std::size_t at = 0; at < target.size(); at += step) {
    const DigestValue mask = hash(digest, {seed, counter});
    for (std::size_t i = 0; i < step && at + i < target.size(); ++i) {
      target[at + i] = static_cast<std::uint8_t>(target[at + i] ^ mask.view()[i]);
    }
    ++counter[3];  // at most 1024 octets: the counter stays in one octet
  }
}

// EME-OAEP (RFC 8017 7.1.2) of a message of exactly key_size octets, unmasked in place; the message ends up
// at the end.
Mask check_oaep(std::span<std::uint8_t> encoded, std::size_t key_size, Digest digest) {
  const std::size_t digest_octets = digest_size(digest);
  const std::span<std::uint8_t> seed = encoded.subspan(1, digest_octets);
  const std::span<std::uint8_t> block = encoded.subspan(1 + digest_octets);
  apply_mask(seed, block, digest);
  apply_mask(block, seed, digest);
  const DigestValue label = hash(digest, BytesView());
  std::uint32_t bad = encoded[0];
  for (std::size_t i = 0; i < digest_octets; ++i)
    bad |= static_cast<std::uint32_t>(block[i] ^ label.view()[i]);
  const std::size_t one_at = block.size() - key_size - 1;
  for (std::size_t i = digest_octets; i < one_at; ++i) bad |= block[i];
  bad |= block[one_at] ^ 0x01U;
  return mask_if_zero(bad);
}

std::size_t overhead(KeyTransport transport) {
  constexpr std::size_t kPkcs1Overhead = 11;
  return transport == KeyTransport::Pkcs1 ? kPkcs1Overhead : 2 * digest_size(oaep_digest(transport)) + 2;
}

// What a token made of a ciphertext, as a key: a message of another size is none.
UnwrappedKey fit_message(BytesView message, std::size_t key_size) {
  UnwrappedKey fitted;
  fitted.good =
      mask_if_equal(static_cast<std::uint32_t>(message.size()), static_cast<std::uint32_t>(key_size));
  fitted.key = SecretBytes(key_size);
  std::copy_n(message.begin(), std::min(message.size(), key_size), fitted.key.writable().begin());
  return fitted;
}

bool set_padding(EVP_PKEY_CTX* context, KeyTransport transport) {
  if (transport == KeyTransport::Pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  const EVP_MD* digest = evp_digest(oaep_digest(transport));
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1;
}

}  // namespace

Result<KeyTransport> read_key_transport(const AlgorithmIdentifier& identifier) {
  if (identifier.algorithm == oids::kRsaEncryption && identifier.parameters_null_or_absent()) {
    return KeyTransport::Pkcs1;
  }
  if (identifier.algorithm == oids::kRsaesOaep) return read_oaep_parameters(identifier);
  return unsupported("algorithm " + identifier.algorithm.dotted());
}

void write_key_transport(DerWriter& writer, KeyTransport transport) {
  switch (transport) {
    case KeyTransport::Pkcs1:
      writer.algorithm_with_null(oids::kRsaEncryption);
      return;
    case KeyTransport::OaepSha1:
      // All defaults: an empty SEQUENCE, neither NULL nor absent.
      writer.begin(tag::kSequence).oid(oids::kRsaesOaep).begin(tag::kSequence).end().end();
      return;
    case KeyTransport::OaepSha256:
      writer.begin(tag::kSequence).oid(oids::kRsaesOaep).begin(tag::kSequence);
      writer.begin(tag::context_constructed(0)).algorithm_with_null(oids::kSha256).end();
      writer.begin(tag::context_constructed(1)).begin(tag::kSequence).oid(oids::kMgf1);
      writer.algorithm_with_null(oids::kSha256).end().end();
      writer.end().end();
      return;
  }
}

KeyUnwrapper::KeyUnwrapper(const PrivateKey& key)
    : key_(&key), modulus_(to_bytes(key.public_key().rsa_modulus())) {
  const auto secret = random_octets<64>();
  for (std::size_t i = 0; i < secret.size(); ++i) {
    inner_pad_[i] = static_cast<std::uint8_t>(secret[i] ^ 0x36U);
    outer_pad_[i] = static_cast<std::uint8_t>(secret[i] ^ 0x5CU);
  }
}

Result<UnwrappedKey> KeyUnwrapper::decrypt(KeyTransport transport, BytesView ciphertext,
                                           std::size_t key_size) const {
  if (!key_->decrypts_raw()) {
    // The token has judged the padding, and taken its time over it; from here on nothing branches on what it
    // said.
    CERTSPAN_PKI_TRY(SecretBytes message, key_->decrypt_padded(transport, ciphertext));
    return fit_message(message.reveal(), key_size);
  }
  UnwrappedKey decrypted;
  CERTSPAN_PKI_TRY(decrypted.key, key_->decrypt_raw(ciphertext));
  SecretBytes& encoded = decrypted.key;
  if (encoded.size() < key_size + overhead(transport)) {
    return fault(FaultKind::Internal, "key transport: the recipient's key is too small");
  }
  decrypted.good = transport == KeyTransport::Pkcs1
                       ? check_pkcs1(encoded.reveal(), key_size)
                       : check_oaep(encoded.writable(), key_size, oaep_digest(transport));
  return decrypted;
}

Result<UnwrappedKey> KeyUnwrapper::unwrap(KeyTransport transport, BytesView wrapped,
                                          std::size_t key_size) const {
  const FittedCiphertext fitted = fit_below(modulus_, wrapped);
  CERTSPAN_PKI_TRY(const UnwrappedKey decrypted, decrypt(transport, fitted.octets, key_size));
  const DigestValue inner = hash(Digest::Sha256, {inner_pad_, fitted.octets});
  const DigestValue substitute = hash(Digest::Sha256, {outer_pad_, inner.view()});

  UnwrappedKey unwrapped;
  unwrapped.good = decrypted.good & (fitted.as_it_was ? ~Mask{0} : Mask{0});
  unwrapped.key = SecretBytes(key_size);
  const BytesView message = decrypted.key.reveal().last(key_size);
  for (std::size_t i = 0; i < key_size; ++i) {
    unwrapped.key.writable()[i] =
        static_cast<std::uint8_t>(select(unwrapped.good, message[i], substitute.view()[i]));
  }
  return unwrapped;
}

Result<Bytes> wrap_key(KeyTransport transport, const PublicKey& recipient, BytesView key) {
  if (recipient.family() != KeyFamily::Rsa) return unsupported("the client's key is no rsa key");
  const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, recipient.handle(), nullptr));
  auto size = static_cast<std::size_t>((recipient.bits() + 7) / 8);
  Bytes wrapped(size);
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !set_padding(context.get(), transport) ||
      EVP_PKEY_encrypt(context.get(), wrapped.data(), &size, key.data(), key.size()) != 1) {
    return ossl_fault("wrapping a content key");
  }
  wrapped.resize(size);
  return wrapped;
}

UnpaddedSize size_without_padding(BytesView plain, std::size_t block_size) {
  const std::uint32_t padding = plain.back();
  const auto block = static_cast<std::uint32_t>(block_size);
  Mask good = ~mask_if_zero(padding) & mask_if_less(padding, block + 1);
  for (std::uint32_t i = 0; i < block; ++i) {
    const Mask in_padding = mask_if_less(i, padding);
    good &= ~in_padding | mask_if_equal(plain[plain.size() - 1 - i], padding);
  }
  return {plain.size() - select(good, padding, 0), good};
}

}  // namespace certspan::pki
