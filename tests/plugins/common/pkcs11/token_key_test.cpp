#include "plugins/common/pkcs11/token_key.hpp"

#include <catch2/catch.hpp>

#include "plugins/common/pki/key_transport.hpp"
#include "tests/plugins/common/pkcs11/soft_token.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::Bytes;
using pki::Digest;
using pki::KeyTransport;
using test::SoftToken;

std::string fault_of(const KeyResult<std::shared_ptr<TokenKey>>& key) {
  return key ? "" : key.error().setting + ": " + key.error().message;
}

bool unwraps(const pki::PrivateKey& key, KeyTransport transport) {
  const Bytes message(32, 0x5A);
  const Bytes wrapped = pki::wrap_key(transport, key.public_key(), message).value();
  const auto unwrapped = pki::KeyUnwrapper(key).unwrap(transport, wrapped, message.size());
  if (!unwrapped) UNSCOPED_INFO(unwrapped.error().message);
  return unwrapped && unwrapped->good != 0 && pki::equal(unwrapped->key.reveal(), message);
}

}  // namespace

TEST_CASE("keys in a token sign what openssl and the certificate's key verify") {
  const SoftToken token;
  for (const auto& [kind, label, id] :
       {std::tuple("rsa:2048", "rsa", "01"), std::tuple("P-256", "small", "02"),
        std::tuple("P-384", "large", "03"), std::tuple("P-521", "huge", "04")}) {
    const pki::PublicKey public_key = token.import(kind, label, id);
    const auto shared = TokenKey::open(token.location("object=" + std::string(label)), SoftToken::pin(),
                                       public_key, KeyUse::Sign);
    INFO(kind << " " << fault_of(shared));
    REQUIRE(shared);
    const pki::PrivateKey key = TokenKey::private_key(*shared);
    const Bytes data(1000, 7);
    token.dir().write("data", data);
    for (const Digest digest : {Digest::Sha256, Digest::Sha384, Digest::Sha512}) {
      if (std::string(kind) == "P-256" && digest != Digest::Sha256) continue;
      const Bytes signature = key.sign(digest, data).value();
      CHECK(public_key.verify({public_key.family(), digest}, data, signature));
      token.dir().write("signature", signature);
      CHECK_THAT(pki::test::must_run(token.dir(), "openssl dgst -" + std::string(pki::digest_name(digest)) +
                                                      " -verify " + label +
                                                      ".spki -keyform DER -signature signature data"),
                 Catch::Contains("Verified OK"));
    }
    CHECK(key.to_pem().error().kind == pki::FaultKind::Policy);
  }
}

TEST_CASE("a key in a token signs with PSS what openssl verifies") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("rsa:2048", "app", "01");
  const auto shared =
      TokenKey::open(token.location("object=app"), SoftToken::pin(), public_key, KeyUse::Sign);
  REQUIRE(shared);
  const pki::PrivateKey key = TokenKey::private_key(*shared);
  const Bytes data(1000, 7);
  token.dir().write("data", data);
  for (const Digest digest : {Digest::Sha256, Digest::Sha384, Digest::Sha512}) {
    token.dir().write("signature", key.sign_pss(digest, data).value());
    CHECK_THAT(
        pki::test::must_run(token.dir(), "openssl dgst -" + std::string(pki::digest_name(digest)) +
                                             " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest "
                                             "-verify app.spki -keyform DER -signature signature data"),
        Catch::Contains("Verified OK"));
  }
  CHECK(key.sign_pss(Digest::Sha1, data).error().kind == pki::FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("a key in a token opens what was encrypted to it, with the padding taken off here") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("rsa:2048", "ra", "01");
  const auto shared =
      TokenKey::open(token.location("object=ra"), SoftToken::pin(), public_key, KeyUse::SignAndDecrypt);
  REQUIRE(shared);
  const pki::PrivateKey key = TokenKey::private_key(*shared);
  CHECK(key.decrypts_raw());
  CHECK_THAT((*shared)->describe(),
             Catch::StartsWith("key \"ra\" in token \"certspan\" (serial ") &&
                 Catch::Contains("decrypts with CKM_RSA_X_509 and takes the padding off here"));
  for (const KeyTransport transport :
       {KeyTransport::Pkcs1, KeyTransport::OaepSha1, KeyTransport::OaepSha256}) {
    CHECK(unwraps(key, transport));
  }
}

TEST_CASE("where the token refuses the bare operation its own padding is used, and said to be") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("rsa:2048", "free", "01");
  token.import_without_raw("free.pem", "ra");
  const auto shared =
      TokenKey::open(token.location("object=ra"), SoftToken::pin(), public_key, KeyUse::SignAndDecrypt);
  INFO(fault_of(shared));
  REQUIRE(shared);
  const pki::PrivateKey key = TokenKey::private_key(*shared);
  CHECK_FALSE(key.decrypts_raw());
  CHECK_THAT((*shared)->describe(), Catch::Contains("the token's own padding"));
  CHECK(unwraps(key, KeyTransport::Pkcs1));
  CHECK(unwraps(key, KeyTransport::OaepSha1));
  const Bytes wrapped = pki::wrap_key(KeyTransport::OaepSha256, public_key, Bytes(16, 1)).value();
  CHECK(pki::KeyUnwrapper(key).unwrap(KeyTransport::OaepSha256, wrapped, 16).error().kind ==
        pki::FaultKind::UnsupportedAlgorithm);
}

TEST_CASE("what is wrong with a module, token, PIN or key is said of the setting that is wrong") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("rsa:2048", "ca", "01");
  const pki::PublicKey other = token.import("P-256", "other", "02");
  const auto open = [&](const std::string& module, const std::string& uri, const PinSource& pin,
                        const pki::PublicKey& certified) {
    return fault_of(TokenKey::open(KeyLocation::parse(module, uri).value(), pin, certified, KeyUse::Sign));
  };
  const std::string module = test::kModule;
  const std::string uri = "pkcs11:token=certspan;object=ca";
  CHECK_THAT(open("/nowhere/module.so", uri, SoftToken::pin(), public_key),
             Catch::StartsWith("module: \"/nowhere/module.so\" can't be loaded: No such file"));
  token.dir().write("text.so", "no library");
  CHECK_THAT(open(token.dir().path("text.so"), uri, SoftToken::pin(), public_key),
             Catch::StartsWith("module: ") && Catch::Contains("can't be loaded"));
  CHECK_THAT(open("/lib/x86_64-linux-gnu/libz.so.1", uri, SoftToken::pin(), public_key),
             Catch::Contains("is no PKCS #11 module"));
  pki::test::must_run(token.dir(), "cp " + module + " loose.so && chmod 777 loose.so");
  CHECK_THAT(open(token.dir().path("loose.so"), uri, SoftToken::pin(), public_key),
             Catch::Contains("could be changed by another user"));
  CHECK_THAT(open(module, "pkcs11:token=another;object=ca", SoftToken::pin(), public_key),
             Catch::StartsWith("uri: no such token is there; the module has \"certspan\" (serial "));
  CHECK_THAT(open(module, "pkcs11:token=certspan;object=cx", SoftToken::pin(), public_key),
             Catch::Contains("has no private key \"cx\""));
  CHECK_THAT(open(module, uri, {}, public_key),
             Catch::Contains("pin: token \"certspan\"") && Catch::Contains("wants a PIN"));
  CHECK_THAT(open(module, uri, SoftToken::pin(""), public_key),
             Catch::Contains("pin: the PIN can't be opened, or is empty"));
  CHECK_THAT(open(module, uri, SoftToken::pin("111111"), public_key),
             Catch::Contains("refuses the PIN; it is not tried again"));
  CHECK_THAT(open(module, uri, SoftToken::pin(), other),
             Catch::Contains("uri: key \"ca\" is not that of the certificate"));
  CHECK(open(module, uri, SoftToken::pin(std::string(test::kPin) + "\n"), public_key).empty());
}

TEST_CASE("a PIN that was refused is not tried again, but a corrected one is") {
  const SoftToken token;
  token.import("P-256", "ca", "01");
  RefusedPin refused;
  const KeyLocation location = token.location("object=ca");
  CHECK_THAT(Token::open(location, SoftToken::pin("111111"), refused).error().message,
             Catch::Contains("refuses the PIN"));
  CHECK_THAT(Token::open(location, SoftToken::pin("111111"), refused).error().message,
             Catch::Contains("has refused this PIN"));
  CHECK(Token::open(location, SoftToken::pin(), refused));
}

TEST_CASE("a key that is made in the token stays there and can be certified") {
  const SoftToken token;
  RefusedPin refused;
  for (const auto& [spec, label, use] : {std::tuple(pki::KeySpec::Rsa2048, "ra", KeyUse::SignAndDecrypt),
                                         std::tuple(pki::KeySpec::P384, "ca", KeyUse::Sign)}) {
    const KeyLocation location = token.location("object=" + std::string(label));
    const auto open = Token::open(location, SoftToken::pin(), refused, Token::Access::Write);
    REQUIRE(open);
    REQUIRE(generate_pair(**open, location, spec, use));
    CHECK_THAT(generate_pair(**open, location, spec, use).error().message,
               Catch::Contains("nothing is replaced"));
    const auto object = find_private_key(**open, location, use);
    REQUIRE(object);
    const auto public_key = read_public_key(**open, location, *object);
    INFO((public_key ? "" : public_key.error().message));
    REQUIRE(public_key);
    const auto key = TokenKey::open(location, SoftToken::pin(), *public_key, use);
    INFO(fault_of(key));
    CHECK(key);
  }
}

}  // namespace certspan::pkcs11
