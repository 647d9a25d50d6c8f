#include "host/loading/trust/plugin_keys.hpp"

#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <catch2/catch.hpp>

#include "tests/host/loading/trust/trust_keys.hpp"
#include "tests/host/loading/trust/trust_vectors.hpp"

namespace certspan {
namespace {

using Catch::Matchers::Contains;
using test::kAbc;

Secret secret_of(std::string_view text) {
  return Secret(copy_of(as_bytes(text)));
}

/// PEM that holds nothing of the kind.
std::string block(const std::string& label) {
  return "-----BEGIN " + label + "-----\nAAAA\n-----END " + label + "-----\n";
}

PluginPublicKey public_key(std::string_view pem) {
  auto key = PluginPublicKey::from_pem(pem);
  if (!key) FAIL(key.error().message);
  return std::move(*key);
}

TEST_CASE("signatures of openssl and of Python's cryptography are good, and their keys have the same ids") {
  const auto ed25519 = public_key(test::kEd25519Pem);
  const auto of_ed25519 = parse_signature(test::kEd25519Signature);
  CHECK(ed25519.id() == of_ed25519->key_id);
  CHECK(ed25519.algorithm() == SignatureAlgorithm::Ed25519);
  CHECK(ed25519.has_signed(kAbc, *of_ed25519));

  const auto p256 = public_key(test::kP256Pem);
  const auto of_p256 = parse_signature(test::kP256Signature);
  CHECK(p256.id() == of_p256->key_id);
  CHECK(p256.algorithm() == SignatureAlgorithm::EcdsaP256);
  CHECK(p256.has_signed(kAbc, *of_p256));
}

TEST_CASE("a signature is good for its own file, key and algorithm alone, to the last bit") {
  const bool is_p256 = GENERATE(false, true);
  CAPTURE(is_p256);
  const auto key = public_key(is_p256 ? test::kP256Pem : test::kEd25519Pem);
  const auto other = public_key(is_p256 ? test::kEd25519Pem : test::kP256Pem);
  const auto good = *parse_signature(is_p256 ? test::kP256Signature : test::kEd25519Signature);
  REQUIRE(key.has_signed(kAbc, good));

  CHECK_FALSE(key.has_signed(std::string(64, '0'), good));
  CHECK_FALSE(key.has_signed("", good));
  CHECK_FALSE(other.has_signed(kAbc, good));
  PluginSignature changed = good;
  changed.key_id = other.id();
  CHECK_FALSE(other.has_signed(kAbc, changed));
  changed.algorithm = other.algorithm();
  CHECK_FALSE(other.has_signed(kAbc, changed));
  changed = good;
  changed.algorithm = other.algorithm();
  CHECK_FALSE(key.has_signed(kAbc, changed));
  for (std::size_t bit = 0; bit < good.value.size() * 8; ++bit) {
    changed = good;
    changed.value[bit / 8] = static_cast<std::uint8_t>(changed.value[bit / 8] ^ (1U << bit % 8));
    if (key.has_signed(kAbc, changed)) FAIL("bit " << bit << " does not count");
  }
  changed = good;
  changed.value.push_back(0);
  CHECK_FALSE(key.has_signed(kAbc, changed));
  changed.value.resize(good.value.size() - 1);
  CHECK_FALSE(key.has_signed(kAbc, changed));
}

TEST_CASE("what a key signs its public half finds good") {
  const char* const kind = GENERATE("ED25519", "P-256");
  const test::KeyPair pair(kind);
  const auto key = PluginPrivateKey::from_pem(secret_of(pair.private_pem()), nullptr);
  if (!key) FAIL(key.error().message);
  const auto signature = key->sign(kAbc);
  REQUIRE(signature);
  const auto read = parse_signature(signature_text(*signature));
  if (!read) FAIL(read.error().message);
  CHECK(public_key(pair.public_pem()).has_signed(kAbc, *read));
  CHECK(key->id() == public_key(pair.public_pem()).id());
}

TEST_CASE("an encrypted key opens with its passphrase and says what it lacks without") {
  const test::KeyPair pair("ED25519");
  const Secret pem = secret_of(pair.private_pem("correct horse"));
  const Secret right = secret_of("correct horse");
  const Secret wrong = secret_of("incorrect horse");
  const Secret endless = secret_of(std::string(100'000, 'x'));
  CHECK(PluginPrivateKey::from_pem(pem, &right).has_value());
  for (const Secret* passphrase : {&wrong, &endless}) {
    const auto refused = PluginPrivateKey::from_pem(pem, passphrase);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "plugin.passphrase");
    CHECK_THAT(refused.error().message, Contains("passphrase is not its own"));
  }
  const auto locked = PluginPrivateKey::from_pem(pem, nullptr);
  REQUIRE_FALSE(locked.has_value());
  CHECK(locked.error().code == "plugin.passphrase");
  CHECK_THAT(locked.error().message, Contains("--passphrase-file"));
  // A passphrase that is not needed does no harm.
  CHECK(PluginPrivateKey::from_pem(secret_of(pair.private_pem()), &right).has_value());
}

TEST_CASE("what is no public key for plugins is refused with what to do") {
  const std::string good(test::kEd25519Pem);
  struct Bad {
    std::string pem;
    std::string reason;
  };
  for (const Bad& bad : {Bad{"", "BEGIN PUBLIC KEY"},
                         {"ssh-ed25519 AAAA", "openssl pkey -in KEY -pubout"},
                         {good + good, "alone in its file"},
                         {good + "and more", "alone in its file"},
                         {"and more\n" + good, "alone in its file"},
                         {good.substr(0, good.size() / 2), "alone in its file"},
                         {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is damaged"},
                         {"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "is damaged"},
                         {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "openssl x509"},
                         {test::KeyPair("ED25519").private_pem(), "is a private key"},
                         {std::string(test::kP384Pem), "neither an Ed25519 nor a P-256 key"},
                         {test::KeyPair("RSA").public_pem(), "neither an Ed25519 nor a P-256 key"},
                         {std::string("\0", 1) + good, "alone in its file"}}) {
    CAPTURE(bad.pem);
    const auto key = PluginPublicKey::from_pem(bad.pem);
    REQUIRE_FALSE(key.has_value());
    CHECK(key.error().code == "plugin.bad_key");
    CHECK_THAT(key.error().message, Contains(bad.reason));
  }
}

TEST_CASE("what is no private key for plugins is refused with what to do") {
  const test::KeyPair pair("ED25519");
  const std::string good = pair.private_pem();
  struct Bad {
    std::string pem;
    std::string reason;
  };
  for (const Bad& bad : {Bad{"", "openssl genpkey"},
                         {pair.public_pem(), "is a public key"},
                         {good + good, "alone in its file"},
                         {good.substr(0, 60), "alone in its file"},
                         {block(PEM_STRING_ECPRIVATEKEY), "openssl pkcs8 -topk8"},
                         {block(PEM_STRING_PKCS8INF), "is damaged"},
                         {test::KeyPair("RSA").private_pem(), "neither an Ed25519 nor a P-256 key"}}) {
    CAPTURE(bad.reason);
    const auto key = PluginPrivateKey::from_pem(secret_of(bad.pem), nullptr);
    REQUIRE_FALSE(key.has_value());
    CHECK(key.error().code == "plugin.bad_key");
    CHECK_THAT(key.error().message, Contains(bad.reason));
  }
}

}  // namespace
}  // namespace certspan
